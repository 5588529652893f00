// Verb: claim what is queued → send it to CXone → record the answer. A POST that may have been received is never repeated.

import type { SignedUrls } from '../callbacks/signed-url.ts';
import { type Cxone, type Permit, type SubmitResponse, TokenUnavailable } from '../cxone/port.ts';
import type { ExecutionEvent } from '../execution/event.ts';
import type { Dispatchable } from '../execution/execution.ts';
import { firstPollSpread, retryAt } from '../execution/schedule.ts';
import { type Backoff, createBackoff } from '../lib/backoff.ts';
import type { Log } from '../lib/log.ts';
import type { Round, Work } from '../lib/loop.ts';
import type { FairShare } from '../lib/weighted-fair-share.ts';
import type { World } from '../lib/world.ts';
import { SEND, sentEnd } from '../observability/tracing/spans.ts';
import { endSpanWith, type Tracing, withSpanContext } from '../observability/tracing/tracing.ts';
import type { Store } from '../store/port.ts';
import { retryUntilCommitted } from '../store/retry-until-committed.ts';

/** Claimed at once, if CXone's limits allow as many. */
const MAX_CLAIM = 32;

/** So many of a queue that is held up have it in their trails, each time. */
const MAX_TOLD = 10;

export interface DispatchRules {
  readonly queueTimeoutMs: number;
  readonly pollIntervalMs: number;
  /** No poll comes sooner after the answer; 0 unless said. */
  readonly minPollIntervalMs?: number;
  /** CXone is not told where to call back. */
  readonly callbackless?: boolean;
}

export interface DispatcherTools {
  readonly store: Store;
  readonly cxone: Cxone;
  readonly callbackUrls: Pick<SignedUrls, 'mint'>;
  readonly world: World;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly rules: DispatchRules;
  /** Which apps' executions the permits go to. */
  readonly share: FairShare;
}

export function createDispatcher(tools: DispatcherTools): Work {
  const { store, cxone, world, log, share } = tools;
  const noToken = createBackoff(world, 0);
  const away = createBackoff(world, 3);

  /** Without a token nothing is claimed: what was never sent stays queued, also across a crash. */
  async function authorized(): Promise<boolean> {
    try {
      await cxone.authorize();
      noToken.succeeded();
      return true;
    } catch (error) {
      if (!(error instanceof TokenUnavailable)) throw error;
      noToken.failed(error.retryAfterMs);
      log.warn({ reason: error.message, retryInMs: noToken.remainingMs() }, 'no token: executions stay queued');
      await tellWhyHeld(error);
      return false;
    }
  }

  /** The first in the queue stand for all: an entry for each of thousands would say nothing more. */
  async function tellWhyHeld({ message, httpStatus }: TokenUnavailable): Promise<void> {
    const now = world.now();
    const first = await store.dueDispatches(MAX_TOLD, now);
    await Promise.all(
      first.map(({ reference }) => store.record(reference, { type: 'held', httpStatus, message }, now)),
    );
  }

  return async ({ signal, spawn }) => {
    const { dispatchAt } = await store.nextDue();
    if (dispatchAt === null) return null;
    const wait = Math.max(dispatchAt - world.now(), noToken.remainingMs(), away.remainingMs());
    if (wait > 0) return wait;
    if (!(await authorized())) return noToken.remainingMs();
    const permits = await cxone.permits('execute', MAX_CLAIM, signal);
    let claimed: Dispatchable[] = [];
    try {
      // promise: weights-reach-dispatch
      if (permits.length > 0) claimed = await store.claimDispatches(permits.length, world.now(), share);
    } finally {
      for (const permit of permits.slice(claimed.length)) permit.cancel();
    }
    claimed.forEach((execution, i) => {
      spawn(send(tools, away, execution, permits[i] as Permit, signal));
    });
    return 0;
  };
}

async function send(
  { store, cxone, callbackUrls, world, tracing, rules }: DispatcherTools,
  away: Backoff,
  execution: Dispatchable,
  permit: Permit,
  signal: Round['signal'],
): Promise<void> {
  const span = tracing.begin(SEND, execution);
  let answer: SubmitResponse;
  try {
    const sending = cxone.execute(withSpanContext(span, execution), callbackUrls.mint(execution.reference));
    answer = await endSpanWith(span, sentEnd, execution, sending);
  } finally {
    permit.release();
  }
  if (isAway(answer)) away.failed(0);
  else away.succeeded();
  const event = toEvent(answer, execution, world, rules);
  await retryUntilCommitted(() => store.record(execution.reference, event, world.now()), world, signal);
}

/** Nobody there, or nobody who takes work: the others in the queue would find the same. A 429 is the limiter's to handle. */
function isAway({ type, httpStatus }: SubmitResponse): boolean {
  return type === 'unsent' && httpStatus !== 429;
}

/** Without a callback the first poll comes an interval after the answer, whatever the grace period is. */
function firstPoll({ pollIntervalMs, minPollIntervalMs = 0, callbackless = false }: DispatchRules, chance: number) {
  const spreadMs = firstPollSpread(pollIntervalMs, chance);
  return { spreadMs, soonestMs: callbackless ? pollIntervalMs + spreadMs : minPollIntervalMs, callbackless };
}

function toEvent(answer: SubmitResponse, execution: Dispatchable, world: World, rules: DispatchRules): ExecutionEvent {
  switch (answer.type) {
    case 'submitted':
      return { ...answer, ...firstPoll(rules, world.random()) };
    case 'refused':
      return answer;
    case 'unsent':
    case 'uncertain': {
      const again = retryAt(world.now(), execution.attempts, answer.retryAfterMs, world.random());
      const giveUpAt = execution.submittedAt + rules.queueTimeoutMs;
      if (answer.type === 'unsent') return { ...answer, type: 'unsent', retryAt: again, giveUpAt };
      const allowed = execution.retryUncertain && again < giveUpAt;
      return { ...answer, type: 'uncertain', retryAt: allowed ? again : null, giveUpAt };
    }
    default:
      return answer satisfies never;
  }
}
