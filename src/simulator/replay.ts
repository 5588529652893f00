// A simulated CXone that responds with the responses of a recording, to test a dialect without its tenant.

import { type Context, Hono } from 'hono';
import { actionIn } from '../cxone/recording/match-call.ts';
import { TOKEN_SHAPE } from '../cxone/recording/strip-values.ts';
import { forgetBeyond } from '../lib/bounded.ts';
import { escapePattern } from '../lib/escape-pattern.ts';
import type { World } from '../lib/world.ts';
import { createDeliver } from './deliver.ts';
import { type Listening, listen, type Place } from './listen.ts';
import { matchRoute } from './match-route.ts';
import type { Conversation, Entry, Recording } from './recording.ts';
import { addReadiness, json, text } from './responses.ts';

/** A replay shortens the recorded wait for a callback to this limit. */
const MAX_CALLBACK_DELAY_MS = 1_000;
const CALLBACK_TIMEOUT_MS = 10_000;
const TOKEN_SECONDS = 3600;
const CALLBACK_URL = /https?:\/\/[^\s"'|&<>\\]+?\/webhook\/cxone-execution\/[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/;

export interface ReplayOptions {
  readonly recording: Recording;
  readonly world: World;
  /** Called with each event when it happens. */
  readonly watch?: (event: ReplayEvent) => void;
}

export interface ReplayEvent {
  readonly type: Entry['_call'];
  /** The index of the execution in the recording, from 0; null if the request belongs to none. */
  readonly conversation: number | null;
  readonly response: string;
}

/** Statuses of submissions that were certainly not processed: no callback follows. */
const NOT_PROCESSED: readonly number[] = [401, 425, 429, 503];

/** Older submissions are deleted, so that a replay may run for days. */
const MAX_PLAYS = 100_000;

const REPLAY_CONTROL = `GET  /readyz            200 while the simulator listens
GET  /simulator/stats   the number of responses and callbacks of each kind
`;

/** One submission, which replays a conversation of the recording. */
interface Play {
  readonly conversation: Conversation;
  readonly index: number;
  /** The recorded id and its replacement, which differs for each replay of the conversation. */
  readonly ids: readonly [recorded: string, played: string] | null;
  /** Requests so far. */
  executes: number;
  polls: number;
  calledBack: boolean;
}

// One function because all handlers share the progress of the conversations.
export function createReplay({ recording, world, watch: report = () => {} }: ReplayOptions) {
  const { conversations, others, origins } = recording;
  const app = new Hono();
  const plays = new Map<string, Play>();
  /** By the token of the callback URL: the repetition of a submission continues its conversation. */
  const started = new Map<string, Play>();
  const asked = new Map<string, number>();
  const pending = new Set<Promise<void>>();
  const closing = new AbortController();
  const { deliver, close: closeDeliver } = createDeliver(CALLBACK_TIMEOUT_MS);
  const listeners = new Set<Listening>();
  const tallies: Record<Entry['_call'], Record<string, number>> = { execute: {}, poll: {}, callback: {}, other: {} };
  const submissions = new Map<string | null, number>();
  const rounds = new Map<string, number>();

  function watch(event: ReplayEvent): void {
    const tally = tallies[event.type];
    tally[event.response] = (tally[event.response] ?? 0) + 1;
    report(event);
  }

  /** Returns the next conversation about an action; about any action if the recording does not have this one. */
  function begin(actionId: string | null): Play {
    // promise: replay-matches-by-action
    const about = conversations.filter((one) => one.actionId !== null && one.actionId === actionId);
    const candidates = about.length > 0 ? about : conversations;
    const key = about.length > 0 ? actionId : null;
    const times = submissions.get(key) ?? 0;
    submissions.set(key, times + 1);
    const conversation = candidates[times % candidates.length] as Conversation;
    const { executionId } = conversation;
    const ids = executionId === null ? null : ([executionId, unusedId(executionId)] as const);
    const index = conversations.indexOf(conversation);
    const play: Play = { conversation, index, ids, executes: 0, polls: 0, calledBack: false };
    if (ids !== null) plays.set(ids[1], play);
    forgetBeyond(plays, MAX_PLAYS);
    return play;
  }

  /** Returns the recorded id for the first replay, and a distinct id of the same type for each later one. */
  function unusedId(recorded: string): string {
    let round = rounds.get(recorded) ?? 0;
    while (plays.has(anotherId(recorded, round))) round += 1;
    rounds.set(recorded, round + 1);
    return anotherId(recorded, round);
  }

  async function callBack(play: Play, callbackUrl: string): Promise<void> {
    const { executes, callbacks } = play.conversation;
    const submittedAt = Date.parse((executes.at(-1) ?? executes[0]).startedDateTime);
    for (const callback of callbacks) {
      const after = Date.parse(callback.startedDateTime) - submittedAt;
      await world.sleep(Math.min(Math.max(0, after), MAX_CALLBACK_DELAY_MS), closing.signal);
      if (closing.signal.aborted) return;
      const { mimeType = '', text: body = '' } = callback.request.postData ?? {};
      const response = await deliver(callbackUrl, renamed(body, play.ids), mimeType, closing.signal);
      watch({ type: 'callback', conversation: play.index, response });
    }
  }

  const execute = async (c: Context, route: string): Promise<Response> => {
    const body = await c.req.text();
    const url = CALLBACK_URL.exec(unescaped(`${c.req.url}\n${body}`))?.[0];
    const play = (url === undefined ? undefined : started.get(url)) ?? begin(actionOf(c, route, body));
    if (url !== undefined) started.set(url, play);
    forgetBeyond(started, MAX_PLAYS);
    const { executes, callbacks } = play.conversation;
    const attempt = executes[Math.min(play.executes, executes.length - 1)] as Entry;
    play.executes += 1;
    const mayRun = !NOT_PROCESSED.includes(attempt.response.status);
    if (url !== undefined && callbacks.length > 0 && mayRun && !play.calledBack) {
      play.calledBack = true;
      const calledBack = callBack(play, url).finally(() => pending.delete(calledBack));
      pending.add(calledBack);
    }
    return respond(c, attempt, play);
  };

  function actionOf(c: Context, route: string, body: string): string | null {
    const { url } = c.req;
    const [at] = conversations.flatMap(({ executes: [{ _actionAt }] }) => _actionAt ?? []);
    const contentType = c.req.header('content-type') ?? null;
    return matchRoute(route, url)?.['actionId'] ?? (at === undefined ? null : actionIn({ url, body, contentType }, at));
  }

  const poll = (c: Context, executionId: string): Response => {
    const play = plays.get(executionId);
    const { polls = [] } = play?.conversation ?? {};
    const entry = polls[Math.min(play?.polls ?? 0, polls.length - 1)];
    if (play === undefined || entry === undefined) return unknown('poll', play?.index ?? null);
    play.polls += 1;
    return respond(c, entry, play);
  };

  const other = (c: Context): Response => {
    const key = `${c.req.method} ${new URL(c.req.url).pathname}`;
    const entries = others.filter(({ request }) => `${request.method} ${new URL(request.url).pathname}` === key);
    const times = asked.get(key) ?? 0;
    asked.set(key, times + 1);
    const entry = entries[Math.min(times, entries.length - 1)];
    return entry === undefined ? unknown('other', null) : respond(c, entry, null);
  };

  function respond(c: Context, { _call: type, response }: Entry, play: Play | null): Response {
    const { status, headers, content } = response;
    watch({ type, conversation: play?.index ?? null, response: String(status) });
    const here = new URL(c.req.url).origin;
    const moved = origins.reduce((body, origin) => body.replaceAll(origin, here), content.text);
    const body = renamed(moved, play?.ids ?? null).replaceAll(TOKEN_SHAPE, () => freshToken(world.now()));
    const kept = headers.filter(({ name }) => /^(?:content-type|retry-after)$/i.test(name));
    return text(status, body, Object.fromEntries(kept.map(({ name, value }) => [name.toLowerCase(), value])));
  }

  function unknown(type: Entry['_call'], conversation: number | null): Response {
    watch({ type, conversation, response: '404: not in the recording' });
    return text(404, '{"message":"this is not in the recording"}', { 'content-type': 'application/json' });
  }

  addReadiness(app);
  app.get('/simulator', (c) => c.text(REPLAY_CONTROL));
  app.get('/simulator/stats', () => json(200, { answers: tallies }));
  app.all('*', (c) => {
    const { method, url } = c.req;
    const found = (entries: readonly Entry[]) =>
      entries.find((entry) => entry.request.method === method && matchRoute(entry._route, url) !== null);
    const polled = found(conversations.flatMap(({ polls }) => polls));
    if (polled !== undefined) return poll(c, matchRoute(polled._route, url)?.['executionId'] ?? '');
    const executed = found(conversations.flatMap(({ executes }) => executes));
    return executed === undefined ? other(c) : execute(c, executed._route);
  });

  return {
    listen: async (place?: Partial<Place>): Promise<Listening> => {
      const listening = await listen(app.fetch, place);
      listeners.add(listening);
      return listening;
    },
    /** Resolves when every callback so far has been sent and has a response. */
    quiet: async (): Promise<void> => {
      while (pending.size > 0) await Promise.allSettled(pending);
    },
    close: async (): Promise<void> => {
      closing.abort();
      await Promise.all([...listeners].map((listening) => listening.close()));
      await Promise.allSettled(pending);
      closeDeliver();
    },
  };
}

function anotherId(id: string, round: number): string {
  if (round === 0) return id;
  return /^\d{1,30}$/.test(id) ? String(BigInt(id) + BigInt(round)) : `${id}-${round}`;
}

/** Replaces the id where it is a whole word, not a part of a longer one. */
function renamed(body: string, ids: Play['ids']): string {
  if (ids === null || ids[0] === ids[1]) return body;
  const recorded = escapePattern(ids[0]);
  return body.replaceAll(new RegExp(`(?<![A-Za-z0-9_-])${recorded}(?![A-Za-z0-9_-])`, 'g'), ids[1]);
}

/** Decodes a request, whose callback URL may be in a form, in a query or in JSON with escaped slashes. */
function unescaped(sent: string): string {
  const plain = sent.replaceAll('\\/', '/');
  try {
    return `${plain}\n${decodeURIComponent(plain.replaceAll('+', ' '))}`;
  } catch {
    return plain;
  }
}

/** Returns an unsigned token from which a client can read its expiry. */
function freshToken(now: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = Math.floor(now / 1000);
  return `${part({ alg: 'none' })}.${part({ iat: seconds, exp: seconds + TOKEN_SECONDS, tenantId: 'recorded' })}.replayed`;
}
