// The simulated CXone: handles each request by its fate, runs accepted executions, calls back, and records the truth.

import { callbackBody, otherThan, type Said } from './callback-bodies.ts';
import type { Clock } from './clock.ts';
import type { CallbackWords, Fate, Outage, PlannedCallback, PollFate, TokenFate } from './history.ts';
import { carry, never, type Reply } from './network.ts';
import { acceptance, carriageOf, json, statusIn, webPage } from './replies.ts';
import type { Delivery, Poll, Post, Run, Truth } from './truth.ts';

export interface SimulatedCxone {
  readonly truth: Truth;
  /** The fetch of a receiver; it has no effect once that receiver is dead. */
  fetchFor(alive: () => boolean): typeof fetch;
  expect(slot: number, fate: Fate): void;
  /** Calls back for the latest run of a slot, if there is one. */
  callBack(slot: number, words: CallbackWords): Promise<void>;
  outage(outage: Outage, ms: number): void;
  troubleTokens(fates: readonly TokenFate[]): void;
  revokeTokens(): void;
  /** From now on every request succeeds. */
  heal(): void;
}

export interface CxoneOptions {
  readonly clock: Clock;
  /** Delivers a callback; null when the receiver does not respond. */
  readonly webhook: (url: string, bytes: Uint8Array<ArrayBuffer>, contentType: string) => Promise<Delivery['answer']>;
  readonly note: (text: string) => void;
}

const CALLBACK_RETRY_MS = 5_000;

/** A request of the receiver in progress. */
interface Call {
  readonly url: URL;
  readonly init: RequestInit;
  readonly headers: Headers;
  /** Whether the receiver that sent it still runs. */
  readonly alive: () => boolean;
  readonly outage: Outage | null;
}
export function createSimulatedCxone({ clock, webhook, note }: CxoneOptions): SimulatedCxone {
  const truth: Truth = { posts: [], runs: [], polls: [], deliveries: [], said: new Map(), refusals: new Map() };
  const fates = new Map<number, Fate>();
  const postsOf = new Map<number, number>();
  const pollsOf = new Map<number, number>();
  /** Slots whose executions CXone does not know any more. */
  const gone = new Set<number>();
  let tokenFates: TokenFate[] = [];
  let tokens = new Set<string>();
  let tokensMade = 0;
  let trouble: { readonly outage: Outage; readonly until: number } | null = null;
  let healed = false;

  const nth = (counter: Map<number, number>, slot: number) => {
    const index = counter.get(slot) ?? 0;
    counter.set(slot, index + 1);
    return index;
  };

  function say(correlationId: string, said: Said): void {
    truth.said.set(correlationId, [...(truth.said.get(correlationId) ?? []), said]);
  }

  function start(slot: number, correlationId: string, callbackUrl: string, fate: Fate): Run {
    const number = truth.runs.length + 1;
    const status = fate.outcome;
    const outcome: Said =
      status === 'COMPLETED'
        ? { status, result: { value: number }, error: null }
        : { status, result: null, error: { code: `E${number}` } };
    const endsAt = fate.runMs === null ? Number.POSITIVE_INFINITY : clock.elapsed() + fate.runMs;
    const run: Run = { correlationId, executionId: `cx-${number}`, callbackUrl, slot, outcome, endsAt };
    truth.runs.push(run);
    note(`CXone runs ${correlationId} as ${run.executionId}`);
    for (const planned of fate.callbacks) void callBackLater(run, planned, fate);
    return run;
  }

  async function callBackLater(run: Run, planned: PlannedCallback, fate: Fate): Promise<void> {
    if (planned.after === 'end' && fate.runMs === null) return;
    await clock.sleep(planned.delayMs + (planned.after === 'end' ? (fate.runMs ?? 0) : 0));
    for (let tries = 0; tries <= planned.retries; tries += 1) {
      const delivery = await deliver(run, planned.words);
      if (delivery.answer !== null && delivery.answer.status < 300) return;
      await clock.sleep(CALLBACK_RETRY_MS);
    }
  }

  async function deliver(run: Run, words: CallbackWords): Promise<Delivery> {
    const { bytes, contentType, names, says } = callbackBody(words, run.outcome, run.executionId);
    const delivery: Delivery = { run, words, bytes, names, says, answer: null };
    truth.deliveries.push(delivery);
    if (says !== null) say(run.correlationId, says);
    delivery.answer = await webhook(run.callbackUrl, bytes, contentType);
    note(`callback "${words}" for ${run.correlationId} → ${summaryOf(delivery.answer)}`);
    return delivery;
  }

  function execute({ fate, correlationId }: Post, slot: number, callbackUrl: string, authorized: boolean): Reply {
    const refuse = (status: number) => {
      truth.refusals.set(correlationId, [...(truth.refusals.get(correlationId) ?? []), status]);
      return json(status, { message: 'no' });
    };
    if (!authorized || fate === '401') return refuse(401);
    if (fate.startsWith('refuse ')) return refuse(Number(fate.slice('refuse '.length)));
    const status = statusIn(fate);
    if (status !== null && !fate.endsWith(' ran')) return json(status, {});
    const run = start(slot, correlationId, callbackUrl, fates.get(slot) as Fate);
    if (fate === 'accept with the outcome') say(correlationId, run.outcome);
    return acceptance(fate, run.executionId, run.outcome);
  }

  function look({ correlationId, outcome, endsAt }: Run, fate: PollFate, authorized: boolean): Reply {
    if (!authorized) return json(401, {});
    const seen = (answered: Poll['answered']) => truth.polls.push({ correlationId, at: clock.now(), fate, answered });
    const reported = fate === 'another outcome' ? otherThan(outcome) : outcome;
    const status = statusIn(fate);
    if (status !== null || fate === 'a web page') {
      seen('no outcome');
      return status === null ? webPage('Maintenance') : json(status, {});
    }
    if (fate !== 'another outcome' && (fate === 'running' || clock.elapsed() < endsAt)) {
      seen('running');
      return json(200, { status: 'RUNNING' });
    }
    seen('ended');
    say(correlationId, reported);
    return json(200, reported);
  }

  function giveToken(fate: TokenFate | null): Reply {
    const status = statusIn(fate);
    if (status !== null) return json(status, {});
    if (fate === 'a web page') return webPage('Log in');
    tokensMade += 1;
    tokens.add(`token-${tokensMade}`);
    return json(200, { access_token: `token-${tokensMade}`, expires_in: fate === 'short' ? 4 : 3600 });
  }

  function travel(
    { init, alive, outage }: Call,
    fate: string | null,
    latencyMs: number,
    receive: () => Reply,
    onResponse = () => {},
  ) {
    const status = statusIn(outage);
    return carry(clock, {
      carriage: carriageOf(outage ?? fate) ?? 'whole',
      latencyMs,
      signal: init.signal,
      receive: () => (status === null ? receive() : json(status, {})),
      onResponse: () => {
        if (alive()) onResponse();
      },
    });
  }

  function poll(call: Call): Promise<Response> {
    const run = truth.runs.find(({ executionId }) => call.url.pathname.endsWith(`/executions/${executionId}`));
    if (run === undefined) return travel(call, null, 0, () => json(404, {}));
    const plan = fates.get(run.slot);
    const planned = (healed ? undefined : plan?.polls[nth(pollsOf, run.slot)]) ?? 'truth';
    if (planned === '404 for good') gone.add(run.slot);
    const fate = !healed && gone.has(run.slot) ? '404 for good' : planned;
    return travel(call, fate, plan?.latencyMs ?? 0, () => look(run, fate, authorized(call)));
  }

  function post(call: Call): Promise<Response> {
    const { inputs, context } = JSON.parse(String(call.init.body));
    const slot: number = inputs.slot;
    const plan = fates.get(slot);
    const fate = (healed ? undefined : plan?.posts[nth(postsOf, slot)]) ?? 'accept';
    const correlationId = call.headers.get('x-correlation-id') ?? '';
    const made: Post = { correlationId, fate, unprocessed: false, status: 0 };
    truth.posts.push(made);
    note(`POST for ${correlationId}: ${call.outage ?? fate}`);
    let replied = 0;
    const receive = () => {
      const reply = execute(made, slot, context.callbackUrl, authorized(call));
      replied = reply.status;
      return reply;
    };
    return travel(call, fate, plan?.latencyMs ?? 0, receive, () => {
      made.status = statusIn(call.outage) ?? replied;
      // No status: the error itself shows that nothing was sent.
      made.unprocessed = [0, 401, 429, 503].includes(made.status);
    });
  }

  function authorized({ headers }: Call): boolean {
    return tokens.has((headers.get('authorization') ?? '').replace('Bearer ', ''));
  }

  function request(url: URL, init: RequestInit, alive: () => boolean): Promise<Response> {
    const outage = trouble !== null && clock.elapsed() < trouble.until ? trouble.outage : null;
    const call: Call = { url, init, alive, outage, headers: new Headers(init.headers) };
    if (init.method === 'GET') return poll(call);
    if (!url.pathname.endsWith('/oauth/token')) return post(call);
    const fate = tokenFates.shift() ?? null;
    return travel(call, fate, 0, () => giveToken(fate));
  }

  return {
    truth,
    fetchFor: (alive) => async (input, init) => {
      clock.touch();
      if (!alive()) return never();
      const answer = await request(new URL(String(input)), init ?? {}, alive);
      return alive() ? answer : never();
    },
    expect: (slot, fate) => void fates.set(slot, fate),
    callBack: async (slot, words) => {
      const run = truth.runs.findLast((one) => one.slot === slot);
      if (run !== undefined) await deliver(run, words);
    },
    outage: (outage, ms) => {
      trouble = { outage, until: clock.elapsed() + ms };
    },
    troubleTokens: (list) => {
      tokenFates = [...list];
      tokens = new Set();
    },
    revokeTokens: () => {
      tokens = new Set();
    },
    heal: () => {
      healed = true;
      trouble = null;
      tokenFates = [];
    },
  };
}

function summaryOf(answer: Delivery['answer']): string {
  return answer === null ? 'no answer' : `${answer.status}${answer.outcome === null ? '' : ` ${answer.outcome}`}`;
}
