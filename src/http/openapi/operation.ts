// An API operation: its route, its access rule, its description and its handler, in one value.

import type { Context } from 'hono';
import type { HttpParts } from '../dependencies.ts';
import type { Identity } from '../middleware/identity.ts';
import type { ProblemName } from '../response/problem.ts';
import type { Operation, Reference, ResponseObject } from './model.ts';
import type { PARAMETERS } from './parameters.ts';
import { problemResponses } from './problems.ts';

export type Handler = (c: Context, caller: Identity) => Promise<Response>;
export type OpenHandler = (c: Context) => Response | Promise<Response>;

/**
 * `app`: the key of an app; `anyone`: any key; `operator`: the key of a reader or administrator; `owner`: the key of an app
 * or administrator; `administrator`: the key of an administrator.
 */
export type KeyAccess = 'app' | 'anyone' | 'operator' | 'owner' | 'administrator';

interface Description extends Omit<Operation, 'security' | 'responses' | 'tags'> {
  readonly method: 'get' | 'post';
  /** Path with parameters in braces, for example `/v1/executions/{correlationId}`. */
  readonly path: string;
  /** The listener that serves it; `apps` by default. */
  readonly listener?: 'apps' | 'webhook';
  readonly tag: string;
  readonly responses: { readonly [status: string]: ResponseObject };
  readonly problems?: readonly ProblemName[];
  /** True if it needs the database. */
  readonly stored?: boolean;
}

/** `open` needs no key. `create` makes the handler when a listener starts. */
export type ApiOperation = Description &
  (
    | { readonly access: 'open'; readonly create: (deps: HttpParts) => OpenHandler }
    | { readonly access: KeyAccess; readonly create: (deps: HttpParts) => Handler }
  );

/** Problems of the listener: for any request, before it is routed. */
const LISTENER_PROBLEMS: readonly ProblemName[] = ['bad-request', 'request-timeout', 'headers-too-large'];
const KEY_PROBLEMS: readonly ProblemName[] = ['unauthorized', 'too-many-failures', 'internal-error'];

/** Problems of an operation that reads a JSON body. */
export const BODY_PROBLEMS = [
  'malformed-json',
  'body-too-large',
  'unsupported-media-type',
  'invalid-input',
] as const satisfies readonly ProblemName[];

/** Members of an operation with which operators read. */
export const OPERATOR_READ = { method: 'get', tag: 'Operators', access: 'operator', stored: true } as const;

/** Members of an operation with which administrators change something. */
export const ADMINISTRATOR_ORDER = { method: 'post', tag: 'Operators', access: 'administrator', stored: true } as const;

const APP = { appKey: [] };
const ADMINISTRATOR = [{ operatorKey: [] }, { operatorBasic: [] }];
const OPERATOR = [...ADMINISTRATOR, { readerKey: [] }, { readerBasic: [] }];

const SECURITY: { readonly [A in ApiOperation['access']]: Operation['security'] } = {
  open: [],
  anyone: [APP, ...OPERATOR],
  app: [APP],
  operator: OPERATOR,
  owner: [APP, ...ADMINISTRATOR],
  administrator: ADMINISTRATOR,
};

/** Returns the operation as the document describes it, with the problems that all operations of its kind share. */
export function operationObject(operation: Omit<ApiOperation, 'create'>): Operation {
  const { method: _m, path: _p, listener, tag, access, responses, problems = [], stored = false, ...rest } = operation;
  const { create: _c, ...description } = rest as typeof rest & { readonly create?: unknown };
  const names = new Set<ProblemName>([
    ...LISTENER_PROBLEMS,
    ...problems,
    // For unknown query parameters.
    ...(listener === 'webhook' ? [] : (['invalid-input'] as const)),
    ...(access === 'open' ? [] : KEY_PROBLEMS),
    ...(access === 'open' || access === 'anyone' ? [] : (['forbidden'] as const)),
    ...(stored ? (['store-unavailable'] as const) : []),
  ]);
  return {
    ...description,
    tags: [tag],
    security: SECURITY[access],
    responses: merged(responses, problemResponses([...names], Object.keys(responses))),
  };
}

/** A status that has a response of its own and a problem as well gets both. */
function merged(responses: Description['responses'], problems: Operation['responses']): Operation['responses'] {
  const both = Object.entries(responses).flatMap(([status, own]) => {
    const other = problems[status];
    if (other === undefined || '$ref' in other) return [];
    const description = `${own.description}\n\n${other.description}`;
    return [[status, { ...own, description, content: { ...own.content, ...other.content } }] as const];
  });
  return { ...responses, ...problems, ...Object.fromEntries(both) };
}

export function parameter(name: keyof typeof PARAMETERS): Reference {
  return { $ref: `#/components/parameters/${name}` };
}
