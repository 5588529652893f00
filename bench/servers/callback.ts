// The checks of the obvious builds before they write: the token of the URL and the body of the callback.

import * as v from 'valibot';

const BODY = v.object({
  executionId: v.optional(v.nullable(v.string())),
  status: v.string(),
  result: v.optional(v.unknown()),
  error: v.optional(v.unknown()),
});

const STATUSES: ReadonlyMap<string, 'COMPLETED' | 'FAILED'> = new Map([
  ['COMPLETED', 'COMPLETED'],
  ['SUCCESS', 'COMPLETED'],
  ['FAILED', 'FAILED'],
  ['ERROR', 'FAILED'],
]);

export interface Outcome {
  readonly executionId: string | null;
  readonly status: 'COMPLETED' | 'FAILED';
  /** JSON text. */
  readonly result: string | null;
  readonly error: string | null;
}

/** Null for a body without a terminal status. */
export function readOutcome(body: unknown): Outcome | null {
  const parsed = v.safeParse(BODY, body);
  if (!parsed.success) return null;
  const status = STATUSES.get(parsed.output.status.toUpperCase());
  if (status === undefined) return null;
  const { executionId = null, result, error } = parsed.output;
  return { executionId, status, result: jsonOf(result), error: jsonOf(error) };
}

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
