// The problems in the document, each with an example. Names, statuses and titles come from the table of problem responses.

import * as v from 'valibot';
import { PROBLEMS, type ProblemName, problemDetails, statusOf } from '../response/problem.ts';
import { component } from './components.ts';
import type { Example, Header, Reference, ResponseObject } from './model.ts';
import { PROBLEM_DOCS } from './problem-texts.ts';
import { count, described, text } from './schema-parts.ts';

const FIELD_ERROR = v.object({
  pointer: text('The field: a JSON Pointer into the body as a URI fragment (RFC 6901), or `#/name` for a parameter.'),
  detail: text('What is wrong with it, and how to correct it.'),
});
const retryAfter = v.exactOptional(count('Of an item of a batch: the seconds after which it can be sent again.'));
const HEADER_ERROR = v.object({ header: v.string(), detail: v.string() });

const fieldErrors = described(v.array(FIELD_ERROR), 'Each field that is wrong.');
const itemErrors = v.exactOptional(
  described(v.array(FIELD_ERROR), 'For an atomic batch: each execution that cannot be accepted.'),
);

/** Members in addition to the standard ones. */
const MEMBERS: { readonly [N in ProblemName]?: v.ObjectEntries } = {
  'invalid-input': { errors: fieldErrors },
  'invalid-header': { errors: described(v.array(HEADER_ERROR), 'Each header that is wrong.') },
  'correlation-id-taken': { errors: itemErrors },
  'app-queue-full': { errors: itemErrors, retryAfter },
  'queue-full': { errors: itemErrors, retryAfter },
  'count-differs': { matched: count('The number of executions that match now.') },
  'events-pruned': { resumeAfter: count('The `Last-Event-ID` from which nothing is missing.') },
  'position-lost': {
    resumeAfter: v.exactOptional(count('The `Last-Event-ID` with which the stream continues.')),
    resumeCursor: v.exactOptional(text('The `cursor` with which the list continues.')),
  },
  'store-unavailable': {
    retryAfter,
    replayed: v.exactOptional(count('After a replay of many: how many were replayed.')),
    matched: v.exactOptional(count('After an action on many: how many matched so far.')),
    done: v.exactOptional(count('After an action on many: how many were changed.')),
  },
  'not-ready': {
    ready: v.literal(false),
    notReady: v.pipe(v.array(v.string()), v.minLength(1), v.description('What is not ready, in words.')),
  },
};

const NAMES = Object.keys(PROBLEMS) as readonly ProblemName[];

/** Returns the body of the example. */
function exampleOf(name: ProblemName): { readonly type: string } {
  const { detail, members } = PROBLEM_DOCS[name];
  return problemDetails(name, detail, members);
}

/** `queue-full` → `QueueFull`. */
function componentName(name: ProblemName): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Problem details (RFC 9457), whatever the problem. */
export const PROBLEM = component(
  'Problem',
  v.pipe(
    v.looseObject({
      type: described(v.picklist(NAMES.map((name) => exampleOf(name).type)), 'Identifies the problem.'),
      title: v.string(),
      status: v.pipe(v.number(), v.metadata({ type: 'integer' })),
      detail: text('What is wrong, and how to correct it.'),
    }),
    v.metadata({
      additionalProperties: true,
      description: 'Problem details (RFC 9457). Each problem may have members of its own.',
    }),
  ),
);

for (const name of NAMES.filter(isOfAnOperation)) {
  const [status, title] = PROBLEMS[name];
  const detail = text('What is wrong with this request, and how to correct it.');
  const standard = {
    type: v.literal(exampleOf(name).type),
    title: v.literal(title),
    status: v.literal(status),
    detail,
  };
  const schema = v.object({ ...standard, ...MEMBERS[name] });
  component(`${componentName(name)}Problem`, described(schema, PROBLEM_DOCS[name].when));
}

/** A method that a path does not support is not an operation. */
function isOfAnOperation(name: ProblemName): boolean {
  return name !== 'method-not-allowed';
}

/** One response for each problem. */
export function problemResponseComponents(): Record<string, ResponseObject> {
  return Object.fromEntries(
    NAMES.filter(isOfAnOperation).map((name) => [componentName(name), problemResponse([name])]),
  );
}

/**
 * Returns the responses for these problems, by status. Problems that share a status differ in `type`. The statuses in `whole`
 * get a response object even where a reference would do.
 */
export function problemResponses(
  names: readonly ProblemName[],
  whole: readonly string[] = [],
): Record<string, ResponseObject | Reference> {
  const byStatus = Map.groupBy(names, statusOf);
  return Object.fromEntries(
    [...byStatus].map(([status, [only, ...others]]) => {
      if (only === undefined) throw new Error(`no problem has the status ${status}`);
      const alone = others.length === 0 && !whole.includes(String(status));
      return [
        status,
        alone ? { $ref: `#/components/responses/${componentName(only)}` } : problemResponse([only, ...others]),
      ];
    }),
  );
}

function problemResponse(names: readonly ProblemName[]): ResponseObject {
  const schemas = names.map((name) => ({ $ref: `#/components/schemas/${componentName(name)}Problem` }));
  const [only = {}] = schemas;
  const headers = headersOf(names);
  return {
    description: names
      .map((name) => (names.length === 1 ? PROBLEM_DOCS[name].when : `\`${name}\`: ${PROBLEM_DOCS[name].when}`))
      .join('\n\n'),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    content: {
      'application/problem+json': {
        schema: schemas.length === 1 ? only : { oneOf: schemas },
        examples: Object.fromEntries(names.map((name): [string, Example] => [name, { value: exampleOf(name) }])),
      },
    },
  };
}

function headersOf(names: readonly ProblemName[]): Record<string, Header | Reference> {
  const all = new Set(names.flatMap((name) => PROBLEM_DOCS[name].headers ?? []));
  return Object.fromEntries([...all].map((header) => [header, { $ref: `#/components/headers/${header}` }]));
}
