// How an operation is put together from what is special about it and what all of its kind answer.

import type { ProblemName } from '../response/problem.ts';
import type { Operation, Parameter, Reference, RequestBodyObject, ResponseObject } from './model.ts';
import { problemResponses } from './problems.ts';

/**
 * `app`: the key of an app; `anyone`: that or the key of an operator; `operator`: the latter alone, of a reader too;
 * `owner`: of an app or an administrator; `administrator`: of an administrator; `open`: no key.
 */
type Access = 'app' | 'anyone' | 'operator' | 'owner' | 'administrator' | 'open';

interface Plan extends Omit<Operation, 'security' | 'responses' | 'tags'> {
  readonly tag: string;
  readonly access: Access;
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: RequestBodyObject;
  readonly responses: { readonly [status: string]: ResponseObject };
  readonly problems?: readonly ProblemName[];
  /** Whether it needs the database. */
  readonly stored?: boolean;
}

/** Of the listener: for any request, before it is known what it asks for. */
const OF_EVERY_REQUEST: readonly ProblemName[] = ['bad-request', 'request-timeout', 'headers-too-large'];
const OF_KEYS: readonly ProblemName[] = ['unauthorized', 'too-many-failures', 'internal-error'];

const PROBLEMS_OF: { readonly [A in Access]: readonly ProblemName[] } = {
  open: [],
  anyone: OF_KEYS,
  app: [...OF_KEYS, 'forbidden'],
  operator: [...OF_KEYS, 'forbidden'],
  owner: [...OF_KEYS, 'forbidden'],
  administrator: [...OF_KEYS, 'forbidden'],
};

const APP = { appKey: [] };
const ADMINISTRATOR = [{ operatorKey: [] }, { operatorBasic: [] }];
const OPERATOR = [...ADMINISTRATOR, { readerKey: [] }, { readerBasic: [] }];

const SECURITY: { readonly [A in Access]: Operation['security'] } = {
  open: [],
  anyone: [APP, ...OPERATOR],
  app: [APP],
  operator: OPERATOR,
  owner: [APP, ...ADMINISTRATOR],
  administrator: ADMINISTRATOR,
};

export function operation({
  tag,
  access,
  responses: answers,
  problems = [],
  stored = false,
  ...plan
}: Plan): Operation {
  const ofStore: readonly ProblemName[] = stored ? ['store-unavailable'] : [];
  const names = new Set([...OF_EVERY_REQUEST, ...problems, ...PROBLEMS_OF[access], ...ofStore]);
  return {
    ...plan,
    tags: [tag],
    security: SECURITY[access],
    responses: together(answers, problemResponses([...names], Object.keys(answers))),
  };
}

/** A status that is answered in its own way and with a problem as well has both. */
function together(answers: Plan['responses'], problems: Operation['responses']): Operation['responses'] {
  const both = Object.entries(answers).flatMap(([status, own]) => {
    const other = problems[status];
    if (other === undefined || '$ref' in other) return [];
    const description = `${own.description}\n\n${other.description}`;
    return [[status, { ...own, description, content: { ...own.content, ...other.content } }] as const];
  });
  return { ...answers, ...problems, ...Object.fromEntries(both) };
}

export function schema(name: string): Reference & { readonly [keyword: string]: unknown } {
  return { $ref: `#/components/schemas/${name}` };
}

export function parameter(name: string): Reference {
  return { $ref: `#/components/parameters/${name}` };
}

/** JSON by one schema, with examples by name. */
export function jsonContent(
  name: string,
  examples: { readonly [name: string]: unknown },
): ResponseObject['content'] & object {
  const named = Object.entries(examples).map(([key, value]) => [key, { value }] as const);
  return { 'application/json': { schema: schema(name), examples: Object.fromEntries(named) } };
}
