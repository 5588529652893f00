// Verb: claim what is overdue → ask CXone, or end it → record. Callbacks get lost; this is what finds their results.

import type { Cxone, Permit, PollResponse } from '../cxone/port.ts';
import type { Execution } from '../execution/execution.ts';
import { nextPollAt } from '../execution/schedule.ts';
import type { Work } from '../lib/loop.ts';
import type { FairShare } from '../lib/weighted-fair-share.ts';
import type { World } from '../lib/world.ts';
import { POLL, polledEnd } from '../observability/tracing/spans.ts';
import { endSpanWith, type Tracing, withSpanContext } from '../observability/tracing/tracing.ts';
import type { Store } from '../store/port.ts';
import { retryUntilCommitted } from '../store/retry-until-committed.ts';

/** Polled or ended at once, at most. */
const MAX_CLAIM = 200;

/**
 * A claimed execution is nobody else's for so long. A poll under way for longer keeps it by `underWay`; what a crash leaves
 * claimed is due again that soon.
 */
const LEASE_MS = 15_000;

/** How long to wait for CXone's limits before looking after what they keep from being asked. */
const MAX_WAIT_FOR_PERMITS_MS = 5_000;

export interface SweeperTools {
  readonly store: Store;
  readonly cxone: Pick<Cxone, 'permits' | 'poll'>;
  readonly world: World;
  readonly tracing: Tracing;
  readonly pollIntervalMs: number;
  /** Polls of one execution are at least so far apart, the last one too; 0 unless said. */
  readonly minPollIntervalMs?: number;
  /** Which apps' executions the permits go to. */
  readonly share: FairShare;
}

/** Polls whatever is due. Permission first, claim second: a claimed execution never waits for CXone's limits. */
export function createSweeper(tools: SweeperTools): Work {
  const { store, world, share, minPollIntervalMs = 0 } = tools;
  const leaseMs = Math.max(LEASE_MS, minPollIntervalMs);
  const startedAt = world.now();
  const underWay = new Set<string>();

  return async ({ signal, spawn }) => {
    const { pollAt } = await store.nextDue();
    if (pollAt === null) return null;
    if (pollAt > world.now()) return pollAt - world.now();
    const permits = await permitsInTime(tools, signal);
    if (permits.length === 0) {
      await giveUpUnaskable(tools, startedAt);
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
      spawn(poll(tools, execution, permit, startedAt, signal).finally(() => underWay.delete(reference)));
    }
    return 0;
  };
}

/** Ends what cannot be asked for: queued past the queue time-out, or past the deadline without CXone's name for it. */
export function createExpirer({ store, world }: Pick<SweeperTools, 'store' | 'world'>): Work {
  return async () => {
    const { expireAt } = await store.nextDue();
    if (expireAt === null) return null;
    if (expireAt > world.now()) return expireAt - world.now();
    await store.expire(MAX_CLAIM, world.now());
    return 0;
  };
}

async function poll(
  { store, cxone, world, tracing, pollIntervalMs, minPollIntervalMs = 0 }: SweeperTools,
  execution: Execution,
  permit: Permit,
  startedAt: number,
  signal: AbortSignal,
): Promise<void> {
  const final = isPast(execution.deadline, world.now());
  const span = tracing.beginLinked(POLL, execution);
  let answer: PollResponse;
  try {
    // promise: last-poll-at-deadline
    answer = await endSpanWith(span, polledEnd, execution, cxone.poll(withSpanContext(span, execution)));
  } finally {
    permit.release();
  }
  const now = world.now();
  const notBefore = now + minPollIntervalMs;
  // promise: grace-poll-keeps-distance
  const next = nextPollAt(now, execution.pollCount, pollIntervalMs, world.random(), execution.pollAfter);
  const record = (event: Parameters<Store['record']>[1]) =>
    retryUntilCommitted(() => store.record(execution.reference, event, now), world, signal);
  switch (answer.type) {
    case 'polled':
      await record({ ...answer, polledExecutionId: execution.executionId, nextPollAt: next, notBefore, final });
      return;
    case 'not-found':
      await record({ ...answer, polledExecutionId: execution.executionId, type: 'poll-not-found' });
      return;
    case 'failed':
      await record({
        ...answer,
        type: 'poll-failed',
        nextPollAt: Math.max(next, now + answer.retryAfterMs),
        notBefore,
      });
      // promise: unsent-last-poll-is-retried
      if (final && answer.asked) await record({ type: 'expired', message: `the last poll failed: ${answer.message}` });
      else if (isPast(patienceEnd(execution, startedAt), now)) await record(UNASKABLE);
      return;
    default:
      answer satisfies never;
  }
}

const UNASKABLE = {
  type: 'expired',
  message: 'CXone could not be asked at the deadline, nor for as long again',
} as const;

/**
 * A last poll that surely did not reach CXone was no question asked, so it is tried again; but not for ever: for as long
 * again as the polling window was, from the deadline or from the start of this process, whichever is later.
 */
function patienceEnd(execution: Execution, startedAt: number): number | null {
  if (execution.deadline === null) return null;
  return Math.max(execution.deadline, startedAt) + execution.timeoutSeconds * 1000;
}

/** While CXone's limits let nothing through: ends what has waited long enough, and leaves the rest for a moment. */
async function giveUpUnaskable({ store, world }: SweeperTools, startedAt: number): Promise<void> {
  const now = world.now();
  for (const execution of await store.claimPolls(MAX_CLAIM, now, now + MAX_WAIT_FOR_PERMITS_MS)) {
    if (isPast(patienceEnd(execution, startedAt), now)) await store.record(execution.reference, UNASKABLE, now);
  }
}

async function permitsInTime({ cxone, world }: SweeperTools, signal: AbortSignal): Promise<Permit[]> {
  const impatience = new AbortController();
  const answered = new AbortController();
  const timer = world.sleep(MAX_WAIT_FOR_PERMITS_MS, answered.signal).then(() => impatience.abort());
  try {
    return await cxone.permits('poll', MAX_CLAIM, AbortSignal.any([signal, impatience.signal]));
  } finally {
    answered.abort();
    await timer;
  }
}

function isPast(moment: number | null, now: number): boolean {
  return moment !== null && now >= moment;
}
