// The apps and the operator of a simulation and their journal: each request and its response.

import type { Clock } from './clock.ts';
import type { Act, Change, Order, SubmissionFields } from './history.ts';
import { type App, KEYS, PUBLIC_URL, type Receiver } from './receiver.ts';

type Submit = Extract<Act, { type: 'submit' }>;
type Batch = Extract<Act, { type: 'batch' }>;

export interface Submission {
  readonly slot: number;
  readonly app: App;
  /** The Idempotency-Key of the request, alone or with others. */
  readonly key: string | null;
  /** Null: the receiver chooses it. */
  readonly correlationId: string | null;
  readonly body: SubmissionFields & {
    readonly actionId: string;
    readonly inputs: object;
    readonly correlationId?: string;
  };
  /** Equal for bodies with the same content. */
  readonly meaning: string;
  /** Null until the response arrives, and for ever when the receiver died first. */
  answer: Answer | null;
  waiting: boolean;
}

export interface Answer {
  readonly status: number;
  readonly replayed: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are checked member by member
  readonly body: any;
}

export interface Look {
  readonly correlationId: string;
  readonly waitMs: number;
  readonly askedAt: number;
  answeredAt: number | null;
  answer: Answer | null;
}

export interface Cancellation {
  readonly correlationId: string;
  answer: Answer | null;
}

export interface PollRequest {
  readonly correlationId: string;
  answer: Answer | null;
}

/** Submissions of an atomic batch. */
export type AtomicBatch = readonly Submission[];

export interface Journal {
  readonly submissions: Submission[];
  readonly atomic: AtomicBatch[];
  readonly looks: Look[];
  readonly cancellations: Cancellation[];
  readonly pollRequests: PollRequest[];
}

export interface Apps {
  readonly journal: Journal;
  submit(act: Submit): Promise<void>;
  submitAgain(slot: number, change: Change): Promise<void>;
  batch(act: Batch): Promise<void>;
  batchAgain(slot: number, change: Change): Promise<void>;
  cancel(slot: number): Promise<void>;
  poll(slot: number): Promise<void>;
  look(slot: number, wait: number | null): Promise<void>;
}

export function createApps(receiver: Receiver, clock: Clock, note: (text: string) => void): Apps {
  const journal: Journal = { submissions: [], atomic: [], looks: [], cancellations: [], pollRequests: [] };
  const orders = new Map<number, Order>();
  const alone = new Map<number, Submit>();
  const batches: Batch[] = [];

  async function ask(
    who: keyof typeof KEYS,
    method: string,
    path: string,
    { body, wait, key }: { body?: string; wait?: number | null; key?: string | null } = {},
  ): Promise<Answer | null> {
    const request = new Request(PUBLIC_URL + path, {
      method,
      headers: {
        authorization: `Bearer ${KEYS[who]}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(typeof wait === 'number' ? { prefer: `wait=${wait}` } : {}),
        ...(typeof key === 'string' ? { 'idempotency-key': key } : {}),
      },
      ...(body === undefined ? {} : { body }),
    });
    const response = await receiver.ask(request);
    if (response === null) return null;
    const replayed = response.headers.get('idempotent-replayed') === 'true';
    return { status: response.status, replayed, body: await response.json() };
  }

  function write(order: Order, key: string | null, change: Change): Submission {
    const { slot, fields, named } = order;
    const app = change === 'another app' ? 'other' : 'shop';
    const variant = change === 'another body' ? 1 : 0;
    const correlationId = named ? idOf(slot) : null;
    const inputs = { slot, variant };
    const body = { actionId: 'charge', inputs, ...fields, ...(named ? { correlationId: idOf(slot) } : {}) };
    const meaning = `${app} ${variant}`;
    const submission: Submission = { slot, app, key, correlationId, body, meaning, answer: null, waiting: true };
    journal.submissions.push(submission);
    return submission;
  }

  async function send(act: Submit, change: Change, wait: number | null): Promise<void> {
    const submission = write(act, act.keyed ? `key-${act.slot}` : null, change);
    const { app, key, body, slot } = submission;
    submission.answer = await ask(app, 'POST', '/v1/executions', { body: text(body, change), wait, key });
    submission.waiting = false;
    note(`submission for slot ${slot} → ${summaryOf(submission.answer)}`);
  }

  async function sendAll(act: Batch, change: Change, again: boolean): Promise<void> {
    const [first] = act.orders;
    const key = act.keyed ? `batch-${first?.slot}` : null;
    const submissions = act.orders.map((order) => write(order, key, change));
    if (act.atomic) journal.atomic.push(submissions);
    const bodies = submissions.map(({ body }) => text(body, change)).join();
    const body = `{"executions":[${bodies}],"atomic":${act.atomic}}`;
    const answer = await ask(submissions[0]?.app ?? 'shop', 'POST', '/v1/executions/batch', { body, key });
    for (const [index, submission] of submissions.entries()) {
      submission.answer = answer === null ? null : answerTo(index, answer, again);
      submission.waiting = false;
    }
    note(
      `batch from slot ${first?.slot} → ${answer?.status ?? 'no answer'}, ${submissions.map((one) => summaryOf(one.answer))}`,
    );
  }

  /** The id under which an app knows its submission; undefined while it knows none. */
  function known(slot: number): string | undefined {
    if (orders.get(slot)?.named) return idOf(slot);
    return journal.submissions.find((one) => one.slot === slot && one.answer?.body.correlationId)?.answer?.body
      .correlationId;
  }

  return {
    journal,
    submit: async (act) => {
      orders.set(act.slot, act);
      alone.set(act.slot, act);
      await send(act, 'same', act.wait);
    },
    submitAgain: async (slot, change) => {
      const act = alone.get(slot);
      if (act !== undefined) await send(act, change, null);
    },
    batch: async (act) => {
      for (const order of act.orders) orders.set(order.slot, order);
      batches.push(act);
      await sendAll(act, 'same', false);
    },
    batchAgain: async (slot, change) => {
      const act = batches.find(({ keyed, orders: its }) => keyed && its.some((order) => order.slot === slot));
      if (act !== undefined) await sendAll(act, change, true);
    },
    cancel: async (slot) => {
      const correlationId = known(slot);
      if (correlationId === undefined) return;
      const cancellation: Cancellation = { correlationId, answer: null };
      journal.cancellations.push(cancellation);
      cancellation.answer = await ask('shop', 'POST', `/v1/executions/${correlationId}/cancel`);
      note(`cancelling ${correlationId} → ${summaryOf(cancellation.answer)}`);
    },
    poll: async (slot) => {
      const correlationId = known(slot);
      if (correlationId === undefined) return;
      const request: PollRequest = { correlationId, answer: null };
      journal.pollRequests.push(request);
      request.answer = await ask('operator', 'POST', `/v1/executions/${correlationId}/poll`);
      note(`a poll of ${correlationId} is wanted → ${summaryOf(request.answer)}`);
    },
    look: async (slot, wait) => {
      const correlationId = known(slot);
      if (correlationId === undefined) return;
      const askedAt = clock.elapsed();
      const look: Look = { correlationId, waitMs: (wait ?? 0) * 1000, askedAt, answeredAt: null, answer: null };
      journal.looks.push(look);
      look.answer = await ask('shop', 'GET', `/v1/executions/${correlationId}`, { wait });
      look.answeredAt = clock.elapsed();
      note(`looking at ${correlationId} → ${summaryOf(look.answer)}`);
    },
  };
}

function idOf(slot: number): string {
  return `order-${slot}`;
}

function text(body: object, change: Change): string {
  return JSON.stringify(
    change === 'members in another order' ? Object.fromEntries(Object.entries(body).reverse()) : body,
  );
}

/** The response of a batch for one of its items; null when it was refused because of others. */
function answerTo(index: number, { status, replayed, body }: Answer, again: boolean): Answer | null {
  if (status === 200) {
    const item = body.items[index];
    // In a repetition, an item that was accepted before has its first response, next to newly accepted items.
    const known = replayed || again || item.replayed === true;
    return { status: item.status, replayed: known, body: item.execution ?? item.problem };
  }
  const errors: { pointer: string }[] | undefined = body.errors;
  const meant = errors?.some(({ pointer }) => `${pointer}/`.startsWith(`#/executions/${index}/`)) ?? true;
  return meant ? { status, replayed, body } : null;
}

function summaryOf(answer: Answer | null): string {
  if (answer === null) return 'no answer';
  const { status, replayed, body } = answer;
  return `${status} ${body.status ?? ''}${replayed ? ' (again)' : ''}`;
}
