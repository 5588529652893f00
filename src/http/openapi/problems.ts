// Every problem that is answered, with an example of it: names, statuses and titles are those of the table that answers.

import * as v from 'valibot';
import { PROBLEMS, type ProblemName, problemDetails, statusOf } from '../response/problem.ts';
import { count } from '../schemas/parts.ts';
import type { Example, Header, Reference, ResponseObject } from './model.ts';
import { PROBLEM_DOCS } from './problem-texts.ts';

const FIELD_ERROR = v.object({
  pointer: v.pipe(
    v.string(),
    v.description('Which field: a JSON Pointer into the body as a URI fragment (RFC 6901), `#/name` for a parameter.'),
  ),
  detail: v.pipe(v.string(), v.description('What is wrong with it and how to put it right.')),
});
const HEADER_ERROR = v.object({ header: v.string(), detail: v.string() });

const fieldErrors = v.pipe(v.array(FIELD_ERROR), v.description('Each field that is wrong.'));
const itemErrors = v.exactOptional(
  v.pipe(v.array(FIELD_ERROR), v.description('For an atomic batch: each execution that cannot be accepted.')),
);

/** Members beside the standard ones. */
const MEMBERS: { readonly [N in ProblemName]?: v.ObjectEntries } = {
  'invalid-input': { errors: fieldErrors },
  'invalid-header': { errors: v.pipe(v.array(HEADER_ERROR), v.description('Each header that is wrong.')) },
  'correlation-id-taken': { errors: itemErrors },
  'app-queue-full': { errors: itemErrors },
  'queue-full': { errors: itemErrors },
  'events-pruned': { resumeAfter: count('The `Last-Event-ID` from which nothing is missing.') },
  'store-unavailable': {
    replayed: v.exactOptional(count('Of a replay of many: how many are sent again.')),
    matched: v.exactOptional(count('Of an action on many: how many were looked at.')),
    done: v.exactOptional(count('Of an action on many: for how many it was done.')),
  },
  'not-ready': {
    ready: v.literal(false),
    notReady: v.pipe(v.array(v.string()), v.minLength(1), v.description('What is not ready, in words.')),
  },
};

const NAMES = Object.keys(PROBLEMS) as readonly ProblemName[];

/** The body of the example, as it would be answered. */
function exampleOf(name: ProblemName): { readonly type: string } {
  const { detail, members } = PROBLEM_DOCS[name];
  return problemDetails(name, detail, members);
}

/** `queue-full` → `QueueFull`. */
function componentName(name: ProblemName): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** One schema for what all have in common, and one for each. */
export function problemSchemas() {
  const detail = v.pipe(v.string(), v.description('What is wrong with this request, and how to put it right.'));
  const each = NAMES.filter(isOfAnOperation).map((name) => {
    const [status, title] = PROBLEMS[name];
    const standard = {
      type: v.literal(exampleOf(name).type),
      title: v.literal(title),
      status: v.literal(status),
      detail,
    };
    const schema = v.object({ ...standard, ...MEMBERS[name] });
    return [`${componentName(name)}Problem`, v.pipe(schema, v.description(PROBLEM_DOCS[name].when))] as const;
  });
  return { any: anyProblem(), each: Object.fromEntries(each) };
}

/** Problem details (RFC 9457) whatever the problem. */
function anyProblem() {
  return v.pipe(
    v.looseObject({
      type: v.pipe(v.picklist(NAMES.map((name) => exampleOf(name).type)), v.description('Which problem it is.')),
      title: v.string(),
      status: v.pipe(v.number(), v.metadata({ type: 'integer' })),
      detail: v.pipe(v.string(), v.description('What is wrong, and how to put it right.')),
    }),
    v.metadata({
      additionalProperties: true,
      description: 'Problem details (RFC 9457). Each problem may have members of its own.',
    }),
  );
}

/** A method that a path does not know is no operation of it. */
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
 * What is answered with these problems, by status. Those that share a status are told apart by their `type`. `whole`: the
 * statuses for which nothing is left to a reference.
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
