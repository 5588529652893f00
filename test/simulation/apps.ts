// The apps of a simulation and the journal they keep: what they asked for, and what they were answered.

import type { Clock } from './clock.ts';
import type { Act, Change, SubmissionFields } from './history.ts';
import { type App, KEYS, PUBLIC_URL, type Receiver } from './receiver.ts';

type Submit = Extract<Act, { type: 'submit' }>;

export interface Submission {
  readonly slot: number;
  readonly app: App;
  /** Null: left to the receiver. */
  readonly correlationId: string | null;
  readonly body: SubmissionFields & {
    readonly actionId: string;
    readonly inputs: object;
    readonly correlationId?: string;
  };
  /** The same for bodies that mean the same. */
  readonly meaning: string;
  /** Null until it comes, and for ever when the receiver died first. */
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

export interface Journal {
  readonly submissions: Submission[];
  readonly looks: Look[];
  readonly cancellations: Cancellation[];
}

export interface Apps {
  readonly journal: Journal;
  submit(act: Submit): Promise<void>;
  submitAgain(slot: number, change: Change): Promise<void>;
  cancel(slot: number): Promise<void>;
  look(slot: number, wait: number | null): Promise<void>;
}

export function createApps(receiver: Receiver, clock: Clock, note: (text: string) => void): Apps {
  const journal: Journal = { submissions: [], looks: [], cancellations: [] };
  const acts = new Map<number, Submit>();

  async function ask(
    app: App,
    method: string,
    path: string,
    body?: string,
    wait?: number | null,
  ): Promise<Answer | null> {
    const request = new Request(PUBLIC_URL + path, {
      method,
      headers: {
        authorization: `Bearer ${KEYS[app]}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(typeof wait === 'number' ? { prefer: `wait=${wait}` } : {}),
      },
      ...(body === undefined ? {} : { body }),
    });
    const response = await receiver.ask(request);
    if (response === null) return null;
    const replayed = response.headers.get('idempotent-replayed') === 'true';
    return { status: response.status, replayed, body: await response.json() };
  }

  async function send(submission: Submission, text: string, wait: number | null): Promise<void> {
    journal.submissions.push(submission);
    submission.answer = await ask(submission.app, 'POST', '/v1/executions', text, wait);
    submission.waiting = false;
    note(`submission for slot ${submission.slot} → ${told(submission.answer)}`);
  }

  function bodyOf({ slot, fields, named }: Submit, variant: number): Submission['body'] {
    const inputs = { slot, variant };
    return { actionId: 'charge', inputs, ...fields, ...(named ? { correlationId: idOf(slot) } : {}) };
  }

  /** The id under which an app knows what it submitted; undefined while it knows none. */
  function known(slot: number): string | undefined {
    if (acts.get(slot)?.named) return idOf(slot);
    return journal.submissions.find((one) => one.slot === slot && one.answer?.body.correlationId)?.answer?.body
      .correlationId;
  }

  return {
    journal,
    submit: async (act) => {
      acts.set(act.slot, act);
      const body = bodyOf(act, 0);
      const correlationId = act.named ? idOf(act.slot) : null;
      const submission: Submission = {
        slot: act.slot,
        app: 'shop',
        correlationId,
        body,
        meaning: 'shop 0',
        answer: null,
        waiting: true,
      };
      await send(submission, JSON.stringify(body), act.wait);
    },
    submitAgain: async (slot, change) => {
      const act = acts.get(slot);
      if (act === undefined) return;
      const app = change === 'another app' ? 'other' : 'shop';
      const variant = change === 'another body' ? 1 : 0;
      const body = bodyOf(act, variant);
      const sent = change === 'members in another order' ? Object.fromEntries(Object.entries(body).reverse()) : body;
      const correlationId = act.named ? idOf(slot) : null;
      const submission: Submission = {
        slot,
        app,
        correlationId,
        body,
        meaning: `${app} ${variant}`,
        answer: null,
        waiting: true,
      };
      await send(submission, JSON.stringify(sent), null);
    },
    cancel: async (slot) => {
      const correlationId = known(slot);
      if (correlationId === undefined) return;
      const cancellation: Cancellation = { correlationId, answer: null };
      journal.cancellations.push(cancellation);
      cancellation.answer = await ask('shop', 'POST', `/v1/executions/${correlationId}/cancel`);
      note(`cancelling ${correlationId} → ${told(cancellation.answer)}`);
    },
    look: async (slot, wait) => {
      const correlationId = known(slot);
      if (correlationId === undefined) return;
      const askedAt = clock.elapsed();
      const look: Look = { correlationId, waitMs: (wait ?? 0) * 1000, askedAt, answeredAt: null, answer: null };
      journal.looks.push(look);
      look.answer = await ask('shop', 'GET', `/v1/executions/${correlationId}`, undefined, wait);
      look.answeredAt = clock.elapsed();
      note(`looking at ${correlationId} → ${told(look.answer)}`);
    },
  };
}

function idOf(slot: number): string {
  return `order-${slot}`;
}

function told(answer: Answer | null): string {
  if (answer === null) return 'no answer';
  const { status, replayed, body } = answer;
  return `${status} ${body.status ?? ''}${replayed ? ' (again)' : ''}`;
}
