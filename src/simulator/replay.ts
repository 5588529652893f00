// A simulated CXone that responds with the responses of a recording, to test a dialect without its tenant.

import { type Context, Hono } from 'hono';
import type { World } from '../lib/world.ts';
import { createDeliver } from './deliver.ts';
import { type Listening, listen, type Place } from './listen.ts';
import type { Conversation, Entry, Recording } from './recording.ts';
import { text } from './responses.ts';

/** A replay shortens the recorded wait for a callback to this limit. */
const MAX_CALLBACK_DELAY_MS = 1_000;
const CALLBACK_TIMEOUT_MS = 10_000;
const TOKEN_SECONDS = 3600;
/** Stands in a recording for a JSON Web Token. */
const TOKEN_SHAPE = 'header.claims.signature';
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

export interface ReplayServer {
  listen(place?: Partial<Place>): Promise<Listening>;
  /** Resolves when every callback so far has been sent and has a response. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** One submission, which replays a conversation of the recording. */
interface Play {
  readonly conversation: Conversation;
  readonly index: number;
  /** The recorded id and its replacement, which differs for each replay of the conversation. */
  readonly ids: readonly [recorded: string, played: string] | null;
  polls: number;
}

// One function because all handlers share the progress of the conversations.
export function createReplay({ recording, world, watch = () => {} }: ReplayOptions): ReplayServer {
  const { conversations, others, origins } = recording;
  const app = new Hono();
  const plays = new Map<string, Play>();
  const asked = new Map<string, number>();
  const pending = new Set<Promise<void>>();
  const closing = new AbortController();
  const { deliver, close: closeDeliver } = createDeliver(CALLBACK_TIMEOUT_MS);
  const listeners = new Set<Listening>();
  let submissions = 0;

  function begin(): Play {
    const index = submissions % conversations.length;
    const round = Math.floor(submissions / conversations.length);
    submissions += 1;
    const conversation = conversations[index] as Conversation;
    const { executionId } = conversation;
    const ids = executionId === null ? null : ([executionId, anotherId(executionId, round)] as const);
    const play: Play = { conversation, index, ids, polls: 0 };
    if (ids !== null) plays.set(ids[1], play);
    return play;
  }

  async function callBack(play: Play, callbackUrl: string): Promise<void> {
    const { execute, callbacks } = play.conversation;
    const submittedAt = Date.parse(execute.startedDateTime);
    for (const callback of callbacks) {
      const after = Date.parse(callback.startedDateTime) - submittedAt;
      await world.sleep(Math.min(Math.max(0, after), MAX_CALLBACK_DELAY_MS), closing.signal);
      if (closing.signal.aborted) return;
      const { mimeType = '', text: body = '' } = callback.request.postData ?? {};
      const response = await deliver(callbackUrl, renamed(body, play.ids), mimeType, closing.signal);
      watch({ type: 'callback', conversation: play.index, response });
    }
  }

  const execute = async (c: Context): Promise<Response> => {
    const sent = `${c.req.url}\n${await c.req.text()}`;
    const play = begin();
    const url = CALLBACK_URL.exec(unescaped(sent))?.[0];
    if (url !== undefined && play.conversation.callbacks.length > 0) {
      const calledBack = callBack(play, url).finally(() => pending.delete(calledBack));
      pending.add(calledBack);
    }
    return respond(c, play.conversation.execute, play);
  };

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

  app.all('*', (c) => {
    const asking = pathAndQuery(c.req.url);
    const isOf = (entry: Entry) => entry.request.method === c.req.method && patternOf(entry._route).exec(asking);
    for (const { polls } of conversations) {
      const found = polls.map(isOf).find((match) => match);
      if (found) return poll(c, decodeURIComponent(found.groups?.['executionId'] ?? ''));
    }
    return conversations.some((one) => isOf(one.execute)) ? execute(c) : other(c);
  });

  return {
    listen: async (place) => {
      const listening = await listen(app.fetch, place);
      listeners.add(listening);
      return listening;
    },
    quiet: async () => {
      while (pending.size > 0) await Promise.allSettled(pending);
    },
    close: async () => {
      closing.abort();
      await Promise.all([...listeners].map((listening) => listening.close()));
      await Promise.allSettled(pending);
      closeDeliver();
    },
  };
}

/** Returns the pattern of a route, with its placeholders as named groups. It ignores a query unless the route has one. */
function patternOf(route: string): RegExp {
  const seen = new Set<string>();
  const parts = route.split(/(\{[^{}]*\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    const group = seen.has(name) ? '[^/?&]+' : `(?<${name}>[^/?&]+)`;
    seen.add(name);
    return group;
  });
  return new RegExp(`^${parts.join('')}${route.includes('?') ? '' : '(?:\\?.*)?'}$`);
}

function pathAndQuery(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** Returns the recorded id for the first replay, and a distinct id of the same type for each later one. */
function anotherId(id: string, round: number): string {
  if (round === 0) return id;
  return /^\d{1,30}$/.test(id) ? String(BigInt(id) + BigInt(round)) : `${id}-${round}`;
}

/** Replaces the id where it is a whole word, not a part of a longer one. */
function renamed(body: string, ids: Play['ids']): string {
  if (ids === null || ids[0] === ids[1]) return body;
  const recorded = ids[0].replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
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
