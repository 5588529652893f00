// The executions that a batch submitted again, as they are now: with their results, as far as those have room in one response.

import { asAccepted, type Execution, isTerminal } from '../../execution/execution.ts';
import { type Json, LargeJson, writeJson } from '../../execution/json.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { ExecutionReader } from '../../store/port.ts';
import { type Accepted, isReplayById, isReplayByKey } from './submission-response.ts';

/** Characters of results after which further ones are left out. The first result has room in any case. */
const MAX_RESULTS_CHARS = 1024 * 1024;

/** Executions of one read: as many as an index finds. */
const READ_AT_ONCE = 200;

export interface PresentExecution {
  readonly execution: Execution;
  /** True if its result, error and late result are left out, because those of others fill the response, or because they cannot be read. */
  readonly isLeftOut: boolean;
}

export interface ResultTools {
  readonly store: Pick<ExecutionReader, 'list'>;
  readonly log: Log;
}

/** Returns a function that returns each execution as a response to its item has it, one item after the other. */
export async function presentExecutions(
  tools: ResultTools,
  accepted: readonly Accepted[],
): Promise<(one: Accepted) => PresentExecution> {
  const repeated = accepted.filter(isEndedRepeat);
  const ended = await withResults(tools, [...new Set(repeated.map(({ execution }) => execution.correlationId))]);
  const sizes = new Map([...ended].map(([id, execution]) => [id, charsOf(execution)]));
  let chars = 0;
  return (one) => {
    if (isReplayByKey(one)) return { execution: asAccepted(one.execution), isLeftOut: false };
    const { execution: known } = one;
    if (!isEndedRepeat(one)) return { execution: known, isLeftOut: false };
    const size = sizes.get(known.correlationId) ?? Number.POSITIVE_INFINITY;
    // promise: results-of-a-batch-are-bounded
    const isLeftOut = size > 0 && chars > 0 && chars + size > MAX_RESULTS_CHARS;
    const execution = isLeftOut ? undefined : ended.get(known.correlationId);
    if (execution === undefined) return { execution: known, isLeftOut: true };
    chars += size;
    return { execution, isLeftOut: false };
  };
}

/** Returns whether the response has the outcome of an execution that was submitted before. */
export function isEndedRepeat(one: Accepted): boolean {
  return isReplayById(one) && isTerminal(one.execution.status);
}

/** Reads executions, the newest first, until their results fill a page. What cannot be read is left out: other items were accepted now. */
async function withResults(
  { store, log }: ResultTools,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Execution>> {
  const found = new Map<string, Execution>();
  try {
    for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
      const correlationIds = ids.slice(at, at + READ_AT_ONCE);
      const { items, next } = await store.list({ app: null, correlationIds, limit: READ_AT_ONCE });
      for (const execution of items) found.set(execution.correlationId, execution);
      if (next !== null) break;
    }
  } catch (error) {
    // promise: accepted-batch-is-not-refused-by-a-read
    log.warn({ reason: reasonOf(error) }, 'the results of a batch could not be read');
  }
  return found;
}

function charsOf({ result, error, lateResult: late }: Execution): number {
  return lengthOf(result) + lengthOf(error) + lengthOf(late?.result ?? null) + lengthOf(late?.error ?? null);
}

function lengthOf(json: Json): number {
  if (json === null) return 0;
  return LargeJson.is(json) ? json.text.length : writeJson(json).length;
}
