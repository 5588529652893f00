// Loop that sends queued executions to CXone and records the responses. A POST that CXone may have received is not repeated.

import type { SignedUrls } from '../callbacks/signed-url.ts';
import { type Cxone, type Permit, type PollInterval, type SubmitResponse, TokenUnavailable } from '../cxone/port.ts';
import type { ExecutionEvent } from '../execution/event.ts';
import type { Dispatchable } from '../execution/execution.ts';
import { firstPollSpread, retryAt } from '../execution/scheduling.ts';
import { type Backoff, createBackoff } from '../lib/backoff.ts';
import type { Log } from '../lib/log.ts';
import type { Work } from '../lib/loop.ts';
import type { SteadyClock } from '../lib/steady-clock.ts';
import type { FairShare } from '../lib/weighted-fair-share.ts';
import type { World } from '../lib/world.ts';
import { SEND, sentEnd } from '../observability/tracing/spans.ts';
import { endSpanWith, type Tracing, withSpanContext } from '../observability/tracing/tracing.ts';
import type { ClaimedDispatch, DueWork, ExecutionRecorder } from '../store/port.ts';
import { retryUntilCommitted } from '../store/retry-until-committed.ts';

/** Executions claimed in one round, if CXone's limits allow. */
const MAX_CLAIM = 32;

/** Queued executions whose audit trails record that the queue is held up. */
const MAX_HELD_ENTRIES = 10;

export interface DispatchRules extends PollInterval {
  readonly queueTimeoutMs: number;
}

export interface DispatcherTools {
  readonly store: Pick<DueWork, 'claimDispatches' | 'dueDispatches' | 'nextDue'> & ExecutionRecorder;
  readonly cxone: Cxone;
  readonly callbackUrls: Pick<SignedUrls, 'mint'>;
  readonly world: World;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly rules: DispatchRules;
  /** Shares the permits among apps. */
  readonly share: FairShare;
  /** Returns by how much stored times have moved with the clock since the start, in milliseconds. */
  readonly movedMs: SteadyClock['movedMs'];
}

export function createDispatcher(tools: DispatcherTools): Work {
  const { store, cxone, world, log, share } = tools;
  const noToken = createBackoff(world, 0);
  const unavailable = createBackoff(world, 3);
  /** The reason in the log for which there is no token; null while there is one. */
  let held: string | null = null;

  /** Without a token, nothing is claimed: executions that were not sent stay queued, even across a crash. */
  async function authorized(): Promise<boolean> {
    try {
      await cxone.authorize();
      noToken.succeeded();
      if (held !== null) log.info({}, 'CXone gives a token again: the queue continues');
      held = null;
      return true;
    } catch (error) {
      if (!(error instanceof TokenUnavailable)) throw error;
      noToken.failed(error.retryAfterMs);
      // promise: missing-token-is-logged-once
      if (error.message !== held)
        log.warn({ reason: error.message, retryInMs: noToken.remainingMs() }, 'no token: executions stay queued');
      held = error.message;
      await recordHeld(error);
      return false;
    }
  }

  /** Only the first in the queue get an entry: thousands of equal entries would add nothing. */
  async function recordHeld({ message, httpStatus }: TokenUnavailable): Promise<void> {
    const now = world.now();
    const first = await store.dueDispatches(MAX_HELD_ENTRIES, now);
    await Promise.all(
      first.map(({ reference }) => store.record(reference, { type: 'held', httpStatus, message }, now)),
    );
  }

  return async ({ signal, spawn }) => {
    const { dispatchAt } = await store.nextDue();
    if (dispatchAt === null) return null;
    const wait = Math.max(dispatchAt - world.now(), noToken.remainingMs(), unavailable.remainingMs());
    if (wait > 0) return wait;
    // Permits before the token: a pause of all requests then ends here, and the token is not missed because of it.
    const permits = await cxone.permits('execute', MAX_CLAIM, signal);
    let claimed: ClaimedDispatch[] = [];
    try {
      if (permits.length > 0 && !(await authorized())) return noToken.remainingMs();
      // promise: weights-reach-dispatch
      if (permits.length > 0) claimed = await store.claimDispatches(permits.length, world.now(), share);
    } finally {
      for (const permit of permits.slice(claimed.length)) permit.cancel();
    }
    claimed.forEach((execution, i) => {
      spawn(send(tools, { execution, permit: permits[i] as Permit, signal }, unavailable));
    });
    return 0;
  };
}

interface Claim {
  readonly execution: ClaimedDispatch;
  readonly permit: Permit;
  readonly signal: AbortSignal;
}

async function send(tools: DispatcherTools, { execution, permit, signal }: Claim, unavailable: Backoff): Promise<void> {
  const { store, cxone, callbackUrls, world, tracing, rules, movedMs } = tools;
  const span = tracing.begin(SEND, execution);
  const giveUpAt = execution.giveUpAt ?? execution.submittedAt + rules.queueTimeoutMs;
  const movedBefore = movedMs();
  let response: SubmitResponse;
  try {
    const sending = cxone.execute(withSpanContext(span, execution), callbackUrls.mint(execution.reference));
    response = await endSpanWith(span, sentEnd, execution, sending);
  } finally {
    permit.release();
  }
  if (isUnavailable(response)) unavailable.failed(0);
  else if (response.type !== 'unsent') unavailable.succeeded();
  // The clock may also be set while the store takes no writes.
  const record = () => {
    // The stored end of the queue timeout has moved with the clock, and is no longer in the row.
    // promise: clock-step-moves-queue-timeout-of-a-request
    const moved = giveUpAt + movedMs() - movedBefore;
    const event = toEvent(response, execution, { world, rules, giveUpAt: moved });
    return store.record(execution.reference, event, world.now());
  };
  await retryUntilCommitted(record, world, signal);
}

/** True if CXone is unreachable or refuses work, as it would for the rest of the queue. The limiter handles 429. */
function isUnavailable(response: SubmitResponse): boolean {
  // promise: forbidden-action-stops-no-queue
  return response.type === 'unsent' && response.httpStatus !== 429 && response.isolated !== true;
}

/** Without a callback, the first poll comes one interval after the response, whatever the grace period is. */
function firstPoll({ pollIntervalMs, minPollIntervalMs, callbackless }: DispatchRules, chance: number) {
  const spreadMs = firstPollSpread(pollIntervalMs, chance);
  return { spreadMs, soonestMs: callbackless ? pollIntervalMs + spreadMs : minPollIntervalMs, callbackless };
}

function toEvent(
  response: SubmitResponse,
  execution: Dispatchable,
  { world, rules, giveUpAt }: Pick<DispatcherTools, 'world' | 'rules'> & { readonly giveUpAt: number },
): ExecutionEvent {
  switch (response.type) {
    case 'submitted':
      return { ...response, ...firstPoll(rules, world.random()) };
    case 'refused':
      return response;
    case 'unsent':
    case 'uncertain': {
      const again = retryAt(world.now(), execution.attempts, response.retryAfterMs, world.random());
      if (response.type === 'unsent') return { ...response, type: 'unsent', retryAt: again, giveUpAt };
      const allowed = execution.retryUncertain && again < giveUpAt;
      return { ...response, type: 'uncertain', retryAt: allowed ? again : null, giveUpAt };
    }
    default:
      return response satisfies never;
  }
}
