// The results of what is committed in several parts, of which some may be committed and others not.

import { type Log, reasonOf } from '../../lib/log.ts';
import { StoreUnavailable } from '../port.ts';

/**
 * Returns the results of all parts, those of `unavailable` for one that was not committed: without ids, a repeat of what was committed would
 * be accepted again. @throws {StoreUnavailable} if nothing was committed; any other error of a part
 */
export function committedParts<Result>(
  settled: readonly PromiseSettledResult<Result>[],
  unavailable: (index: number) => Result,
): Result[] {
  const failures = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  const cause = failures.find((reason) => !(reason instanceof StoreUnavailable)) ?? failures[0];
  // promise: partly-committed-batch-says-so
  const isPartly = cause instanceof StoreUnavailable && failures.length < settled.length;
  if (cause !== undefined && !isPartly) throw cause;
  return settled.map((one, index) => (one.status === 'fulfilled' ? one.value : unavailable(index)));
}

/**
 * Returns the results of what was committed, and undefined for the rest, which stays due.
 * @throws what the first one threw, if nothing was committed
 */
export function committedOnes<Result>(
  settled: readonly PromiseSettledResult<Result>[],
  log: Log,
): (Result | undefined)[] {
  const failed = settled.find((one) => one.status === 'rejected');
  // promise: postgres/committed-claims-are-carried-out
  if (failed !== undefined && settled.every(({ status }) => status === 'rejected')) throw failed.reason;
  if (failed !== undefined) log.warn({ reason: reasonOf(failed.reason) }, 'a part of what is due could not be claimed');
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
}
