// An operator who pauses and resumes the sending of one action, at any receiver, and notes when that was answered.

import { setTimeout as sleep } from 'node:timers/promises';
import { ACTIONS } from './history.ts';
import { OPERATOR_KEY } from './receivers.ts';

const PAUSE_MS = 50;

/** From the answer to the pause to the request that ended it, in milliseconds. */
export interface Held {
  readonly from: number;
  readonly to: number;
}

export interface Operator {
  pause(): void;
  resume(): void;
  /** Resumes, and resolves when all that was asked is answered, with the times in which nothing new could be sent. */
  end(): Promise<readonly Held[]>;
}

/** @param url the load balancer */
export function createOperator(url: string): Operator {
  const held: Held[] = [];
  let since: number | null = null;
  let last: Promise<void> = Promise.resolve();
  let isOver = false;

  async function ask(path: string): Promise<void> {
    const headers = { authorization: `Bearer ${OPERATOR_KEY}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ actionId: ACTIONS[0] });
    while (!isOver) {
      const init = { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) };
      const response = await fetch(url + path, init).catch(() => null);
      await response?.text();
      if (response?.ok === true) return;
      await sleep(PAUSE_MS);
    }
  }

  async function pause(): Promise<void> {
    await ask('/v1/pauses');
    since ??= Date.now();
  }

  async function resume(): Promise<void> {
    if (since !== null) held.push({ from: since, to: Date.now() });
    since = null;
    await ask('/v1/pauses/resume');
  }

  const inTurn = (work: () => Promise<void>) => {
    last = last.then(work);
  };
  return {
    pause: () => inTurn(pause),
    resume: () => inTurn(resume),
    end: async () => {
      inTurn(resume);
      await last;
      isOver = true;
      return held;
    },
  };
}
