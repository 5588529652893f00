// The response with one execution. A large result is written as JSON on the reader thread, when there is room for it.

import type { Context } from 'hono';
import type { Execution } from '../../execution/execution.ts';
import { LargeJson, MAX_PARSED_LENGTH } from '../../execution/json.ts';
import { representExecution } from '../../execution/representation.ts';
import type { BriefExecution } from '../../store/port.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { Connection } from '../fetch.ts';
import { clientGone, type HeaderFields, json, writtenJson } from '../response/json.ts';

/** The JSON of a list without an execution, which was pruned since it was found. */
const NOTHING = '[]';

/** Room for a page until its size is known: a page ends with the result that exceeds a megabyte. */
export const MAX_PAGE_BYTES = 11 * 1024 * 1024;

export interface ExecutionResponse {
  readonly status: 200 | 202;
  readonly headers: HeaderFields;
  /** Whose responses share the room. */
  readonly caller: string;
  /** Names of members whose values are hidden in a large result; default: none. */
  readonly hidden?: readonly string[];
  /** Returns what a response without a large result has; default: the execution. */
  readonly represent?: (execution: Execution) => object | Promise<object>;
}

type Dependencies = Pick<HttpDependencies, 'store' | 'bodies'>;

/** Returns the response with the execution; null if retention has removed it meanwhile. */
export async function respondWithExecution(
  { store, bodies }: Dependencies,
  c: Context,
  { execution: found, outcomeBytes }: BriefExecution,
  { status, headers, caller, hidden = [], represent = representExecution }: ExecutionResponse,
): Promise<Response | null> {
  const { correlationId } = found;
  const written = async () => {
    const { items } = await store.listJson({ app: null, correlationIds: [correlationId], limit: 1, hidden });
    return items.length <= NOTHING.length ? null : writtenJson([items.subarray(1, -1)], headers);
  };
  // promise: large-responses-wait-for-room
  if (outcomeBytes > MAX_PARSED_LENGTH) {
    const room = await bodies.responses.take(caller, outcomeBytes, connectionOf(c));
    // promise: gone-client-is-not-unknown
    return room === null ? clientGone() : written();
  }
  const execution = outcomeBytes === 0 ? found : await store.find(correlationId);
  if (execution === undefined) return null;
  // promise: large-result-is-written-elsewhere
  if (!hasLargeResult(execution)) return json(status, await represent(execution), headers);
  return written();
}

/** Returns the client's connection; null in a test without one. */
export function connectionOf(c: Context): Connection | null {
  return (c.env as { readonly connection?: Connection | null }).connection ?? null;
}

function hasLargeResult({ result, error, lateResult: late }: Execution): boolean {
  return [result, error, late?.result, late?.error].some(LargeJson.is);
}
