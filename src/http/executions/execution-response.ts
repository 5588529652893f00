// The response with one execution. A large result is written as JSON on the reader thread.

import type { Execution } from '../../execution/execution.ts';
import { LargeJson } from '../../execution/json.ts';
import { representExecution } from '../../execution/representation.ts';
import type { ExecutionReader } from '../../store/port.ts';
import { type HeaderFields, json, writtenJson } from '../response/json.ts';

/** The JSON of a list without an execution, which was pruned since it was found. */
const NOTHING = '[]';

export interface ExecutionResponse {
  readonly status: 200 | 202;
  readonly headers: HeaderFields;
  /** Names of members whose values are hidden in a large result; default: none. */
  readonly hidden?: readonly string[];
  /** Returns what a response without a large result has; default: the execution. */
  readonly represent?: (execution: Execution) => object | Promise<object>;
}

/** Returns the response with the execution; null if retention has removed it meanwhile. */
export async function respondWithExecution(
  store: Pick<ExecutionReader, 'listJson'>,
  execution: Execution,
  { status, headers, hidden = [], represent = representExecution }: ExecutionResponse,
): Promise<Response | null> {
  // promise: large-result-is-written-elsewhere
  if (!hasLargeResult(execution)) return json(status, await represent(execution), headers);
  const written = await store.listJson({ app: null, correlationIds: [execution.correlationId], limit: 1, hidden });
  return written.items.length <= NOTHING.length ? null : writtenJson([written.items.subarray(1, -1)], headers);
}

function hasLargeResult({ result, error, lateResult: late }: Execution): boolean {
  return [result, error, late?.result, late?.error].some(LargeJson.is);
}
