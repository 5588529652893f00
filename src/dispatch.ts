// Verb: claim what is queued → send it to CXone → record the answer. A POST that may have been received is never repeated.

import type { CallbackUrls } from './callback-url.ts';
import { type Cxone, type Permit, type SubmitAnswer, TokenUnavailable } from './cxone/port.ts';
import type { ExecutionEvent } from './execution/event.ts';
import type { Dispatchable } from './execution/execution.ts';
import { firstPollSpread, retryAt } from './execution/schedule.ts';
import type { Log } from './log.ts';
import type { Round, Work } from './loop.ts';
import { persist } from './persist.ts';
import type { Store } from './store/port.ts';
import type { World } from './world.ts';

/** Claimed at once, if CXone's limits allow as many. */
const MAX_CLAIM = 32;

export interface DispatchRules {
  readonly queueTimeoutMs: number;
  readonly pollIntervalMs: number;
}

export interface DispatchTools {
  readonly store: Store;
  readonly cxone: Cxone;
  readonly callbackUrls: Pick<CallbackUrls, 'mint'>;
  readonly world: World;
  readonly log: Log;
  readonly rules: DispatchRules;
}

export function createDispatch(tools: DispatchTools): Work {
  const { store, cxone, world, log } = tools;
  let tokenFailures = 0;
  let notBefore = 0;

  /** Without a token nothing is claimed: what was never sent stays queued, also across a crash. */
  async function authorized(): Promise<boolean> {
    try {
      await cxone.authorize();
      tokenFailures = 0;
      return true;
    } catch (error) {
      if (!(error instanceof TokenUnavailable)) throw error;
      tokenFailures += 1;
      notBefore = retryAt(world.now(), tokenFailures, error.retryAfterMs, world.random());
      log.warn({ reason: error.message, retryInMs: notBefore - world.now() }, 'no token: executions stay queued');
      return false;
    }
  }

  return async ({ signal, spawn }) => {
    const { dispatchAt } = await store.due();
    if (dispatchAt === null) return null;
    const wait = Math.max(dispatchAt, notBefore) - world.now();
    if (wait > 0) return wait;
    if (!(await authorized())) return notBefore - world.now();
    const permits = await cxone.permits('execute', MAX_CLAIM, signal);
    let claimed: Dispatchable[] = [];
    try {
      if (permits.length > 0) claimed = await store.claimDispatches(permits.length, world.now());
    } finally {
      for (const permit of permits.slice(claimed.length)) permit.release();
    }
    claimed.forEach((execution, i) => {
      spawn(send(tools, execution, permits[i] as Permit, signal));
    });
    return 0;
  };
}

async function send(
  { store, cxone, callbackUrls, world, rules }: DispatchTools,
  execution: Dispatchable,
  permit: Permit,
  signal: Round['signal'],
): Promise<void> {
  let answer: SubmitAnswer;
  try {
    answer = await cxone.execute(execution, callbackUrls.mint(execution.reference));
  } finally {
    permit.release();
  }
  const event = toEvent(answer, execution, world, rules);
  await persist(() => store.record(execution.reference, event, world.now()), world, signal);
}

function toEvent(answer: SubmitAnswer, execution: Dispatchable, world: World, rules: DispatchRules): ExecutionEvent {
  switch (answer.type) {
    case 'submitted':
      return { ...answer, spreadMs: firstPollSpread(rules.pollIntervalMs, world.random()) };
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
