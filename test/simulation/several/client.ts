// An app that repeats each request until it is answered, and keeps a journal of the answers.

import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { onTestFinished } from 'vitest';
import type { FateName } from '../../../src/simulator/fates/catalogue.ts';
import { APP_KEY } from './receivers.ts';

const PAUSE_MS = 50;
const OPEN = ['QUEUED', 'UNCONFIRMED', 'PENDING'];

export interface Client {
  submit(fate: FateName): Promise<void>;
  /** Cancels the submission with this number, modulo their number. */
  cancel(submission: number): Promise<void>;
  /** Submits it again. */
  repeat(submission: number): Promise<void>;
  /** The ids of all submissions, and those that were acknowledged. */
  submitted(): readonly string[];
  acknowledged(): readonly string[];
  /** The requests that wait for an answer, with their last failure. */
  unanswered(): readonly string[];
  /** Outcomes that two answers state differently. */
  contradictions(): readonly string[];
  /** Gives up what is unanswered. */
  end(): void;
}

interface Answer {
  readonly correlationId: string;
  readonly status: string;
}

export function createClient(url: string): Client {
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  const bodies: { readonly correlationId: string }[] = [];
  const acknowledged = new Set<string>();
  const outcomes = new Map<string, string>();
  const contradictions: string[] = [];
  const waiting = new Map<symbol, string>();
  let ended = false;
  onTestFinished(() => {
    ended = true;
  });

  async function once(path: string, body: object | undefined): Promise<Answer> {
    const headers = { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' };
    const init = { method: 'POST', headers, dispatcher, signal: AbortSignal.timeout(10_000) };
    const response = await fetch(url + path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} ${response.status} ${text}`);
    return JSON.parse(text);
  }

  async function ask(path: string, body?: object): Promise<Answer | null> {
    const key = Symbol(path);
    waiting.set(key, path);
    while (!ended) {
      try {
        const answer = await once(path, body);
        waiting.delete(key);
        note(answer);
        return answer;
      } catch (error) {
        waiting.set(key, error instanceof Error ? error.message : String(error));
      }
      await sleep(PAUSE_MS);
    }
    return null;
  }

  /** An outcome never changes. */
  function note({ correlationId, status }: Answer): void {
    if (OPEN.includes(status)) return;
    const before = outcomes.get(correlationId) ?? status;
    if (before !== status) contradictions.push(`${correlationId}: ${before}, then ${status}`);
    outcomes.set(correlationId, before);
  }

  async function send(body: { readonly correlationId: string }): Promise<void> {
    if ((await ask('/v1/executions', body)) !== null) acknowledged.add(body.correlationId);
  }

  return {
    submit: (fate) => {
      const correlationId = `order-${bodies.length}`;
      const body = {
        correlationId,
        actionId: 'charge',
        inputs: { simulate: { fate } },
        graceSeconds: 1,
        timeoutSeconds: 30,
      };
      bodies.push(body);
      return send(body);
    },
    cancel: async (submission) => {
      const body = bodies[submission % bodies.length];
      // What is not accepted yet cannot be cancelled.
      if (body === undefined || !acknowledged.has(body.correlationId)) return;
      await ask(`/v1/executions/${body.correlationId}/cancel`);
    },
    repeat: async (submission) => {
      const body = bodies[submission % bodies.length];
      if (body !== undefined) await send(body);
    },
    submitted: () => bodies.map(({ correlationId }) => correlationId),
    acknowledged: () => [...acknowledged],
    unanswered: () => [...waiting.values()],
    contradictions: () => contradictions,
    end: () => {
      ended = true;
    },
  };
}
