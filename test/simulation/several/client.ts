// An app that repeats each request until it is answered, and keeps a journal of the answers.

import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { onTestFinished } from 'vitest';
import type { Naming, Order } from './history.ts';
import { APP_KEY } from './receivers.ts';

const PAUSE_MS = 50;
/** CXone calls back twice at the moment of the release. */
const HELD = { callbacks: [{ held: true, copies: 2 }] };
const OPEN = ['QUEUED', 'UNCONFIRMED', 'PENDING'];

/** A submission or a batch, as it is sent each time. */
export interface Submitted {
  readonly path: string;
  readonly body: object;
  readonly key: string | null;
  readonly orders: readonly Order[];
  /** Milliseconds. */
  readonly begunAt: number;
  /** The correlation ids, as of the first answer; null before. */
  ids: readonly string[] | null;
}

export interface Client {
  /** Each copy is sent at the same time. */
  submit(order: Order, naming: Naming, copies: number): Promise<void>;
  batch(orders: readonly Order[], copies: number): Promise<void>;
  /**
   * Submits an execution whose callback CXone holds back, and cancels it when `released` resolves.
   * @param released is called with its id, and with whether the client has ended
   */
  contest(
    actionId: Order['actionId'],
    released: (correlationId: string, isOver: () => boolean) => Promise<void>,
  ): Promise<void>;
  /** Cancels an execution of the request with this number, modulo their number. */
  cancel(request: number): Promise<void>;
  /** Sends it again. */
  repeat(request: number): Promise<void>;
  submitted(): readonly Submitted[];
  /** The requests that wait for an answer, with their last failure. */
  unanswered(): readonly string[];
  /** Outcomes and ids that two answers state differently. */
  contradictions(): readonly string[];
  /** Gives up what is unanswered. */
  end(): void;
}

interface Answer {
  readonly correlationId: string;
  readonly status: string;
}

interface BatchAnswer {
  readonly items: readonly { readonly execution?: Answer; readonly problem?: object }[];
}

// One function because all requests share the journal.
export function createClient(url: string): Client {
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  const requests: Submitted[] = [];
  const outcomes = new Map<string, string>();
  const contradictions: string[] = [];
  const waiting = new Map<symbol, string>();
  let ended = false;
  onTestFinished(() => {
    ended = true;
  });

  async function once(path: string, body: object | undefined, key: string | null): Promise<readonly Answer[]> {
    const keyed = key === null ? {} : { 'idempotency-key': `"${key}"` };
    const headers = { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json', ...keyed };
    const init = { method: 'POST', headers, dispatcher, signal: AbortSignal.timeout(10_000) };
    const response = await fetch(url + path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} ${response.status} ${text}`);
    const answer = JSON.parse(text) as Answer | BatchAnswer;
    if (!('items' in answer)) return [answer];
    return answer.items.map(({ execution, problem }) => {
      // What could not be stored is accepted by a repetition.
      if (execution === undefined) throw new Error(`${path} ${JSON.stringify(problem)}`);
      return execution;
    });
  }

  async function ask(path: string, body?: object, key: string | null = null): Promise<readonly Answer[] | null> {
    const asked = Symbol(path);
    waiting.set(asked, path);
    while (!ended) {
      try {
        const answers = await once(path, body, key);
        waiting.delete(asked);
        for (const answer of answers) note(answer);
        return answers;
      } catch (error) {
        waiting.set(asked, error instanceof Error ? error.message : String(error));
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

  /** A repetition has the ids of the first answer. */
  async function send(request: Submitted): Promise<void> {
    const answers = await ask(request.path, request.body, request.key);
    if (answers === null) return;
    const ids = answers.map(({ correlationId }) => correlationId);
    request.ids ??= ids;
    if (request.ids.join() !== ids.join()) contradictions.push(`${request.path}: ${request.ids}, then ${ids}`);
  }

  async function begin(request: Omit<Submitted, 'begunAt' | 'ids'>, copies: number): Promise<void> {
    const begun: Submitted = { ...request, begunAt: Date.now(), ids: null };
    requests.push(begun);
    await Promise.all(Array.from({ length: copies }, () => send(begun)));
  }

  async function cancel(id: string | undefined): Promise<void> {
    if (id !== undefined) await ask(`/v1/executions/${id}/cancel`);
  }

  return {
    contest: async (actionId, released) => {
      const correlationId = `contested-${requests.length}`;
      const body = { correlationId, ...bodyOf({ actionId, fate: 'callback' }), inputs: { simulate: HELD } };
      await begin({ path: '/v1/executions', body, key: null, orders: [{ actionId, fate: 'callback' }] }, 1);
      await released(correlationId, () => ended);
      await cancel(correlationId);
    },
    submit: (order, naming, copies) => {
      const name = `order-${requests.length}`;
      const body = naming === 'id' ? { correlationId: name, ...bodyOf(order) } : bodyOf(order);
      const key = naming === 'id' ? null : name;
      return begin({ path: '/v1/executions', body, key, orders: [order] }, copies);
    },
    batch: (orders, copies) => {
      const body = { executions: orders.map(bodyOf) };
      return begin({ path: '/v1/executions/batch', body, key: `batch-${requests.length}`, orders }, copies);
    },
    cancel: async (request) => {
      // What is not accepted yet cannot be cancelled.
      await cancel(requests[request % requests.length]?.ids?.[0]);
    },
    repeat: async (request) => {
      const again = requests[request % requests.length];
      if (again !== undefined) await send(again);
    },
    submitted: () => requests,
    unanswered: () => [...waiting.values()],
    contradictions: () => contradictions,
    end: () => {
      ended = true;
    },
  };
}

const bodyOf = ({ actionId, fate }: Order) => ({
  ...{ actionId, inputs: { simulate: { fate } } },
  ...{ graceSeconds: 1, timeoutSeconds: 30 },
});
