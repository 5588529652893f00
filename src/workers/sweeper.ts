// Loop that polls the executions whose callback has not arrived. Callbacks get lost; the sweeper finds their results.

import type { Cxone, Permit, PollInterval } from '../cxone/port.ts';
import { type Execution, isTerminal } from '../execution/execution.ts';
import type { Work } from '../lib/loop.ts';
import type { FairShare } from '../lib/weighted-fair-share.ts';
import type { DueWork, ExecutionRecorder } from '../store/port.ts';
import { retryUntilCommitted } from '../store/retry-until-committed.ts';
import { type PollTools, pollOnce } from '../usecases/poll-once.ts';
import { createPatience, isPast, type Patience } from './patience.ts';

/** Executions claimed in one round. */
const MAX_CLAIM = 200;

/**
 * Lease of a claimed execution. `underWay` protects a poll that takes longer; an execution that a crash left claimed is due
 * again after the lease.
 */
const LEASE_MS = 15_000;

/** How long the sweeper waits for permits before it ends executions whose patience is over. */
const MAX_WAIT_FOR_PERMITS_MS = 5_000;

export interface SweeperTools extends PollTools, Pick<PollInterval, 'minPollIntervalMs'> {
  readonly store: Pick<DueWork, 'nextDue' | 'claimPolls'> & ExecutionRecorder;
  readonly cxone: Pick<Cxone, 'permits' | 'poll'>;
  /** Shares the permits among apps. */
  readonly share: FairShare;
}

/** Polls every due execution. Permits come before claims: a claimed execution never waits for CXone's limits. */
export function createSweeper(tools: SweeperTools): Work {
  const { store, world, share, minPollIntervalMs } = tools;
  const leaseMs = Math.max(LEASE_MS, minPollIntervalMs);
  const patience = createPatience(world);
  const underWay = new Set<string>();

  return async ({ signal, spawn }) => {
    const { pollAt } = await store.nextDue();
    if (pollAt === null) return null;
    if (pollAt > world.now()) return pollAt - world.now();
    const permits = await permitsInTime(tools, signal);
    if (permits.length === 0) {
      await expireUnreachable(tools, patience);
      return 0;
    }
    let claimed: Execution[] = [];
    try {
      const now = world.now();
      claimed = await store.claimPolls(permits.length, now, now + leaseMs, share);
    } finally {
      for (const permit of permits.slice(claimed.length)) permit.cancel();
    }
    for (const [i, execution] of claimed.entries()) {
      const { reference } = execution;
      const permit = permits[i] as Permit;
      if (underWay.has(reference)) {
        permit.cancel();
        continue;
      }
      underWay.add(reference);
      spawn(poll(tools, { execution, permit, signal }, patience).finally(() => underWay.delete(reference)));
    }
    return 0;
  };
}

interface Claim {
  readonly execution: Execution;
  readonly permit: Permit;
  readonly signal: AbortSignal;
}

async function poll(tools: SweeperTools, claim: Claim, patience: Patience): Promise<void> {
  const { store, world, minPollIntervalMs: minIntervalMs } = tools;
  const { execution, signal } = claim;
  const final = isPast(execution.deadline, world.now());
  const { response, respondedAt, recorded } = await pollOnce(tools, { ...claim, final, minIntervalMs });
  if (response.type !== 'failed' || response.asked) patience.reached(execution);
  // What has ended is polled because of a callback, and does not time out.
  // promise: poll-after-the-end-ends-nothing
  if (isTerminal(execution.status)) return;
  const isMismatch = recorded?.outcome === 'mismatch';
  if (response.type !== 'failed' && !isMismatch) return;
  const expire = (message: string) =>
    retryUntilCommitted(
      // promise: late-end-has-the-new-clock
      () => store.record(execution.reference, { type: 'expired', message }, world.now()),
      world,
      signal,
    );
  // promise: unsent-last-poll-is-retried
  if (isMismatch) {
    if (final) await expire('the response to the last poll names another executionId');
  } else if (response.type !== 'failed') return;
  else if (final && response.asked) await expire(`the last poll failed: ${response.message}`);
  else if (patience.ends(execution, respondedAt)) await expire(UNREACHABLE);
}

const UNREACHABLE = 'CXone could not be polled at the deadline, nor for the length of another polling window';

/** Ends executions past their patience while CXone's limits grant no permits; postpones the others. */
async function expireUnreachable({ store, world }: SweeperTools, patience: Patience): Promise<void> {
  const asked = world.now();
  for (const execution of await store.claimPolls(MAX_CLAIM, asked, asked + MAX_WAIT_FOR_PERMITS_MS)) {
    // The deadlines are those after a step of the clock for which the claim has waited.
    const now = world.now();
    if (isTerminal(execution.status) || !patience.endsUnpolled(execution, now)) continue;
    await store.record(execution.reference, { type: 'expired', message: UNREACHABLE }, now);
  }
}

async function permitsInTime({ cxone, world }: SweeperTools, signal: AbortSignal): Promise<Permit[]> {
  const timeout = new AbortController();
  const granted = new AbortController();
  const timer = world.sleep(MAX_WAIT_FOR_PERMITS_MS, granted.signal).then(() => timeout.abort());
  try {
    return await cxone.permits('poll', MAX_CLAIM, AbortSignal.any([signal, timeout.signal]));
  } finally {
    granted.abort();
    await timer;
  }
}
