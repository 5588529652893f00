// The HTTP side on a loopback port, over a store in memory and a clock that only the test moves.

import { connect, type Socket } from 'node:net';
import { createCallbackTokens } from '../../src/callbacks/bearer-tokens.ts';
import { type CallbackRules, createCallbackChecks, NO_RULES } from '../../src/callbacks/checks.ts';
import { createSignedUrls, type SignedUrls } from '../../src/callbacks/signed-url.ts';
import { scanCallback } from '../../src/cxone/parse-response.ts';
import type { ParsedCallback } from '../../src/cxone/port.ts';
import { loadProfile } from '../../src/cxone/profile/profile.ts';
import { isJsonObject, type Json, parseJson, scalarText } from '../../src/execution/json.ts';
import { type App, createApp } from '../../src/http/app.ts';
import { createCsrfTokens } from '../../src/http/console/csrf-tokens.ts';
import { createSuggestions, type Suggestions } from '../../src/http/console/suggestions.ts';
import type { CallbackOutcome, HttpDependencies, KeyRefusal, TokenOutcome } from '../../src/http/dependencies.ts';
import { createSubmissionThread } from '../../src/http/executions/large-submissions/submission-reader.ts';
import type { Fetch, ListenerRole } from '../../src/http/fetch.ts';
import type { NamedKey } from '../../src/http/middleware/identity.ts';
import { createRateLimits, type RateRules } from '../../src/http/middleware/rate-limit.ts';
import { createSessions } from '../../src/http/middleware/sessions.ts';
import { createBodies } from '../../src/http/request/body-budget.ts';
import { type Limits, type Listening, listen } from '../../src/http/server/server.ts';
import type { Facts, Log } from '../../src/lib/log.ts';
import { NO_TRACING } from '../../src/observability/tracing/tracing.ts';
import { createDashboard } from '../../src/stats/dashboard/dashboard.ts';
import { followTrail } from '../../src/stats/trail-follower.ts';
import type { Store } from '../../src/store/port.ts';
import { createStreams, type Streams } from '../../src/usecases/follow-events/streams.ts';
import { createCallbackReceiver } from '../../src/usecases/receive-callback.ts';
import { createReconciliations } from '../../src/usecases/reconcile/reconciliations.ts';
import { createSubmit } from '../../src/usecases/submit.ts';
import { createWaiters, type Waiters } from '../../src/usecases/wait-for-outcome.ts';
import { submitted } from '../support/executions.ts';
import { createFakeCxone, NO_LARGE_BODIES } from '../support/fake-cxone.ts';
import { createManualWorld, type ManualWorld } from '../support/manual-world.ts';
import { NOTHING_SENT } from '../support/pause.ts';
import { createStoreInMemory } from '../support/store-in-memory.ts';

export const ORDERS_KEY = 'orders-key-0123456789';
export const BILLING_KEY = 'billing-key-0123456789';
export const ALICE_KEY = 'alice-key-0123456789';
/** Of an operator who only looks. */
export const CAROL_KEY = 'carol-key-0123456789';
export const CALLBACK_SECRET = 'a secret of at least thirty-two characters';
/** The size of the queue in these tests. */
export const QUEUE_CAPACITY = 5;

export interface LogLine {
  readonly level: keyof Log;
  readonly facts: Facts;
  readonly message: string;
}

export interface Harness extends AsyncDisposable {
  readonly handler: App;
  readonly url: string;
  readonly port: number;
  readonly store: Store;
  readonly world: ManualWorld;
  readonly waiters: Waiters;
  readonly streams: Streams;
  readonly callbackUrls: SignedUrls;
  /** Refreshed by tests only. */
  readonly suggestions: Suggestions;
  readonly observed: CallbackOutcome[];
  readonly tokenRequests: TokenOutcome[];
  readonly keyRefusals: KeyRefusal[];
  readonly logLines: LogLine[];
  /** As the app "orders" unless another key is set; a body that is not a string is sent as JSON. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  submit(body?: object): Promise<Answer>;
  /** The path of the callback URL of an execution. */
  callbackPath(correlationId: string): Promise<string>;
}

let isDirect = true;

/** Serves all callbacks of this process by the adapter from now on, as if there were no direct route. */
export function useAdapterAlone(): void {
  isDirect = false;
}

/** Returns the handler as listeners of these tests serve it. */
export function asServed(handler: Fetch): Fetch {
  return isDirect ? handler : (...call) => handler(...call);
}

interface CallOptions {
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a client sees of a document is for the test to say
  readonly json: any;
}

type Options = {
  readonly [G in keyof HttpDependencies]?: HttpDependencies[G] extends ((...args: never) => unknown) | number | null
    ? HttpDependencies[G]
    : Partial<HttpDependencies[G]>;
} & {
  readonly role?: ListenerRole;
  readonly limits?: Partial<Limits>;
  readonly queueCapacity?: number;
  /** Entries of one execution and one event after which repeats are counted; default: as in a receiver. */
  readonly listedRepeats?: number | undefined;
  readonly callbackRules?: CallbackRules;
  /** The clients that may get tokens for callbacks; a token is valid for 300 s. */
  readonly tokenClients?: readonly NamedKey[];
  readonly shares?: Partial<Omit<RateRules, 'queueCapacity'>>;
};

export async function startHttp({
  role = 'everything',
  limits = {},
  queueCapacity = QUEUE_CAPACITY,
  shares = {},
  listedRepeats,
  callbackRules = NO_RULES,
  tokenClients = [],
  ...overrides
}: Options = {}): Promise<Harness> {
  const world = createManualWorld();
  const store = createStoreInMemory(listedRepeats);
  const waiters = createWaiters(store, world, { perCaller: 100, total: 100 });
  const streams = createStreams(store, world);
  const logLines: LogLine[] = [];
  const observed: CallbackOutcome[] = [];
  const tokenRequests: TokenOutcome[] = [];
  const keyRefusals: KeyRefusal[] = [];
  const signedUrls = createSignedUrls('https://receiver.example', [CALLBACK_SECRET]);
  const tokenRule = { clients: tokenClients, lifetimeSeconds: 300 };
  const tokens = tokenClients.length === 0 ? null : createCallbackTokens(tokenRule, [CALLBACK_SECRET], world);
  const rules = { appRates: new Map(), appQueueCapacities: new Map(), queueCapacity, ...shares };
  const trail = await followTrail(store, world.now());
  // The history of an empty store is read at once.
  await trail.work({ signal: new AbortController().signal, spawn: () => {} });
  const log = logInto(logLines);
  const people = {
    operators: [{ name: 'alice', key: ALICE_KEY }],
    readers: [{ name: 'carol', key: CAROL_KEY }],
    basePath: overrides.access?.basePath ?? '',
  };
  const submissions = createSubmissionThread({ log });
  const suggestions = createSuggestions({ store, apps: ['orders', 'billing'], world });
  const defaults: HttpDependencies = {
    store,
    runtime: { world, log, tracing: NO_TRACING },
    access: {
      apps: [
        { name: 'orders', key: ORDERS_KEY },
        { name: 'billing', key: BILLING_KEY },
      ],
      ...people,
      sessions: createSessions([CALLBACK_SECRET], people, { world, store }),
      trustedProxies: 0,
    },
    lifecycle: { draining: () => false, ready: async () => [], notices: async () => [] },
    submissions: {
      submit: createSubmit(store, world, { graceSeconds: 10, queueTimeoutMs: 300_000, ...rules }, submissions),
      reader: submissions,
      unsupportedParts: () => [],
      rates: createRateLimits(world, rules),
      notifyRules: { check: () => null },
    },
    bodies: createBodies({ maxBodiesBytes: 64 * 1024 * 1024, maxBodyValues: 50_000 }),
    events: { waiters, streams },
    webhook: {
      receive: createCallbackReceiver(
        store,
        {
          parseCallback: readCallback,
          parseResponse: async () => null,
          largeBodies: NO_LARGE_BODIES,
          scanCallback: () => scanCallback(loadProfile(null), 10_485_760),
        },
        world,
      ),
      signedUrls,
      checks: createCallbackChecks(callbackRules, tokens),
      tokens,
    },
    notificationSecrets: (app) => [`whsec_secret-of-${app}`],
    copiesOf: async (executions) => executions.map(({ reference }) => `/exports/${reference}.ndjson.gz`),
    announceForMs: null,
    controls: {
      state: () => NOTHING_SENT,
      liftPause: () => null,
      incidentsChanged: () => {},
      ...{ probe: () => {}, deliveriesResumed: () => {} },
      reconciliations: createReconciliations({
        store: { ...store, doubtful: async () => NOTHING_DOUBTFUL },
        ...{ cxone: createFakeCxone(), world, log, tracing: NO_TRACING, pollIntervalMs: 2_000 },
      }),
    },
    pages: {
      dashboard: createDashboard(trail, world.now),
      health: async () => NO_HEALTH,
      advice: () => [],
      unknownWords: store.unknownWords,
      repeats: () => [],
      queueCapacity,
      queueTimeoutMs: 300_000,
      apps: ['orders', 'billing'],
      suggestions,
      csrfTokens: createCsrfTokens([CALLBACK_SECRET], world),
      sensitiveFields: [],
    },
    metrics: {
      scrape: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
      observeRequest: () => {},
      observeCallback: (outcome) => void observed.push(outcome),
      observeTokenRequest: (outcome) => void tokenRequests.push(outcome),
      observeKeyRefusal: (why) => void keyRefusals.push(why),
    },
  };
  const app = createApp(merged(defaults, overrides), role);
  const server: Listening = await listen(asServed(app), { host: '127.0.0.1', port: 0, log, limits });
  const call = caller(server.url);
  return {
    ...server,
    handler: app,
    store,
    world,
    waiters,
    streams,
    callbackUrls: signedUrls,
    suggestions,
    observed,
    tokenRequests,
    keyRefusals,
    logLines,
    call,
    submit: (body = {}) => call('POST', '/v1/executions', { body: { actionId: 'charge-card', ...body } }),
    callbackPath: async (correlationId) => {
      const execution = await store.find(correlationId);
      return new URL(signedUrls.mint(execution?.reference ?? '')).pathname;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close(0);
      submissions.close();
    },
  };
}

/** Replaces parts of groups, and the one part that is not a group. */
function merged(defaults: HttpDependencies, overrides: Options): HttpDependencies {
  const replaced = Object.entries(overrides).map(([group, parts]) => {
    const original = defaults[group as keyof HttpDependencies];
    return [group, typeof original === 'object' ? { ...original, ...(parts as object) } : parts];
  });
  return { ...defaults, ...Object.fromEntries(replaced) };
}

function caller(url: string): Harness['call'] {
  return async (method, path, { key = ORDERS_KEY, headers = {}, body, signal } = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, headers: response.headers, text, json: isJson && text ? JSON.parse(text) : null };
  };
}

function logInto(lines: LogLine[]): Log {
  const at = (level: keyof Log) => (facts: Facts, message: string) => void lines.push({ level, facts, message });
  const debug: Log['debug'] = (facts, message) => at('debug')(facts(), message);
  return { debug, info: at('info'), warn: at('warn'), error: at('error') };
}

const NO_HEALTH = { from: '', to: '', hours: [], alerts: [], countedFrom: null };
const NOTHING_DOUBTFUL = { items: [], unpollable: 0, next: null, reachedAt: null };

/** The built-in profile's callback, as far as these tests need it. */
function readCallback(body: Uint8Array): ParsedCallback {
  const unreadable: ParsedCallback = { type: 'callback-unreadable', reason: 'no status in it' };
  try {
    const said: Json = parseJson(new TextDecoder().decode(body));
    if (!isJsonObject(said) || typeof said['status'] !== 'string') return unreadable;
    const { status: word, result = null, error = null } = said;
    const kind = KINDS[word] ?? 'progress';
    return {
      type: 'callback',
      executionId: scalarText(said['executionId']),
      report: { kind, statusWord: word, result, error },
    };
  } catch {
    return unreadable;
  }
}

const KINDS: { readonly [word: string]: 'completed' | 'failed' } = { COMPLETED: 'completed', FAILED: 'failed' };

export interface Wire {
  readonly socket: Socket;
  /** Everything received so far. */
  readonly received: string;
  send(text: string | Uint8Array): void;
  /** Resolves with everything received once it matches. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves with everything received once the server has closed the connection. */
  closed: Promise<string>;
}

/** A bare TCP connection, for requests that no HTTP client would send. */
export function wire(port: number): Wire {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1');
  // A reset is one way in which a server closes a connection.
  socket.on('error', () => {});
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(received)));
  socket.on('data', (chunk) => {
    received += String(chunk);
  });
  return {
    socket,
    get received() {
      return received;
    },
    send: (text) => void socket.write(text),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(received)) resolve(received);
        };
        look();
        socket.on('data', look);
        void closed.then(() => reject(new Error(`closed before ${pattern} came: ${received}`)));
      }),
    closed,
  };
}

/** The head of a request as it goes over the wire. */
export function head(method: string, path: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({ host: 'receiver', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** What dispatch does: hands everything queued to CXone, which accepts it under the name `cx-` + correlation id. */
export async function dispatchAll({ store, world }: Pick<Harness, 'store' | 'world'>): Promise<void> {
  for (const { reference, correlationId } of await store.claimDispatches(100, world.now())) {
    await store.record(reference, submitted({ executionId: `cx-${correlationId}` }), world.now());
  }
}
