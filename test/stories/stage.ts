// The whole service and the simulator over real HTTP and a real database, in one world whose clock the story moves.

import { onTestFinished } from 'vitest';
import { createSignedUrls } from '../../src/callbacks/signed-url.ts';
import { readConfig } from '../../src/config/config.ts';
import { parseJson } from '../../src/execution/json.ts';
import { type Limits, listen } from '../../src/http/server/server.ts';
import { type Receiver, startReceiver } from '../../src/receiver.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import type { FateName } from '../../src/simulator/fates/catalogue.ts';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import type { ResolveHostname } from '../../src/webhooks/guarded-connect.ts';
import { asServed } from '../http/harness.ts';
import { createTurns } from '../support/eventually.ts';
import { fatal } from '../support/fatal.ts';
import { createManualWorld, type ManualWorld, START } from '../support/manual-world.ts';
import { newReceiverDatabase } from '../support/postgres/databases.ts';
import { startPatiently } from '../support/postgres/patiently.ts';
import { startWatchedProxy, type WatchedProxy } from '../support/postgres/watched-proxy.ts';
import { quietLog, type RememberingLog } from '../support/quiet-log.ts';
import { temporaryDatabase } from '../support/temporary-database.ts';
import { contentOfFile, contentOnServer, rowsOfFile, rowsOnServer } from './content.ts';

const CALLBACK_SECRET = 'a-secret-for-stories-of-32-characters';
export const APP_KEY = 'the-shop-key-0123456789';
export const OTHER_APP_KEY = 'the-other-key-0123456789';
export const OPERATOR_KEY = 'the-operator-key-0123456789';

/** The real time that work without the clock may take on a busy machine, for example a response over loopback. */
const PATIENCE_MS = 60_000;

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on, member by member
  readonly body: any;
}

interface RequestOptions {
  readonly key?: string;
  readonly body?: unknown;
  readonly prefer?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another receiver than the first one. */
  readonly at?: Receiver;
}

export interface Stage {
  readonly world: ManualWorld;
  readonly simulator: Simulator;
  readonly log: RememberingLog;
  /** DATABASE_PATH or DATABASE_URL, as for a command beside the receiver. */
  readonly database: Record<string, string>;
  /** The path of the file; it has no rows in a story on PostgreSQL. */
  readonly databasePath: string;
  /** What an operator reads with SQL. */
  rows(statement: string): Promise<object[]>;
  /** Everything that the database holds, as text. */
  stored(): Promise<string>;
  service(): Receiver;
  stop(): Promise<void>;
  /** Starts another receiver with the same configuration, with these variables changed, for a database that receivers share. */
  beside(changes?: Record<string, string>): Promise<Receiver>;
  /** Starts the receiver again on the same file, with these variables changed. */
  restart(changes?: Record<string, string>): Promise<void>;
  request(method: string, path: string, options?: RequestOptions): Promise<Answered>;
  /** Submits an execution with this fate; returns its id. */
  submit(fate: FateName | object, more?: object): Promise<string>;
  get(correlationId: string): Promise<Answered['body']>;
  events(correlationId: string): Promise<string[]>;
  /** Runs all work that needs no clock, until the condition holds. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  untilStatus(correlationId: string, status: string): Promise<void>;
  /** Moves the clock in small steps, and lets responses arrive between them. */
  pass(ms: number, stepMs?: number): Promise<void>;
  /** Lets hours pass five minutes at a time: work that is due more often is done once in five minutes. */
  passHours(hours: number): Promise<void>;
}

let storiesStore: 'sqlite' | 'postgres' = 'sqlite';

/** Stories that do not choose a database run on PostgreSQL from now on, each on a new one. */
export function runStoriesOnPostgres(): void {
  storiesStore = 'postgres';
}

/** True where a story cannot set the clock of the database. */
export const isOnPostgres = (): boolean => storiesStore === 'postgres';

/** Variables of the receiver: an undefined one is not set, and some depend on the address of the simulator. */
type Variables = Readonly<Record<string, string | undefined>>;

export async function setStage(
  env: Variables | ((cxoneUrl: string) => Variables) = {},
  simulatorOptions: Partial<SimulatorOptions> = {},
  limits: Partial<Limits> = {},
  /** Resolves the hosts of notifications; by default the system does. */
  resolve?: ResolveHostname,
): Promise<Stage> {
  const proxy = storiesStore === 'postgres' ? await startWatchedProxy(await newReceiverDatabase()) : null;
  const rest = createRest(proxy);
  const world = createManualWorld(1, START, () => rest(proxy === null ? 1 : SETTLED_TURNS));
  const log = quietLog();
  const simulator = createSimulator({
    world,
    latencyMs: 0,
    jitterMs: 0,
    runMs: 0,
    runJitterMs: 0,
    ...simulatorOptions,
  });
  const { url: cxoneUrl } = await simulator.listen();
  const databasePath = temporaryDatabase();
  const database = proxy === null ? { DATABASE_PATH: databasePath } : { DATABASE_URL: proxy.url };
  const given = typeof env === 'function' ? env(cxoneUrl) : env;
  const variables = {
    CXONE_BASE_URL: cxoneUrl,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: 'http://127.0.0.1',
    PORT: '0',
    CALLBACK_SECRET,
    APP_KEYS: `shop:${APP_KEY},other:${OTHER_APP_KEY}`,
    OPERATOR_KEYS: `alice:${OPERATOR_KEY}`,
    // The clock, and with it the rate, does not move while a story only observes.
    RATE_LIMIT_PER_SECOND: '10000',
    MAX_CONCURRENT: '100',
    ...given,
    ...(given['DATABASE_URL'] === undefined && database),
  };
  let config = readConfig(variables);
  const overrides = {
    listen: ((fetch, place) => listen(asServed(fetch), { ...place, limits })) satisfies typeof listen,
    ...(resolve ? { resolve } : {}),
  };
  const start = (own = config) =>
    startPatiently(() =>
      startReceiver({ config: own, world, log, fatal, publicUrlFromListener: true, isOwnTime: true, overrides }),
    );
  let service = await start();
  let stopped: Promise<void> | null = null;
  const others: Receiver[] = [];

  const stage: Stage = {
    world,
    simulator,
    log,
    database,
    databasePath,
    rows: (statement) => (proxy === null ? rowsOfFile(databasePath, statement) : rowsOnServer(proxy.url, statement)),
    stored: () => (proxy === null ? contentOfFile(databasePath) : contentOnServer(proxy.url)),
    service: () => service,
    stop: () => {
      stopped ??= service.stop();
      return stopped;
    },
    restart: async (changes = {}) => {
      await stage.stop();
      config = readConfig({ ...variables, ...changes });
      service = await start();
      stopped = null;
    },
    beside: async (changes = {}) => {
      const another = await start(readConfig({ ...variables, ...changes }));
      others.push(another);
      return another;
    },
    request: async (method, path, { key = APP_KEY, body, prefer, headers = {}, at = service } = {}) => {
      const response = await fetch(`${at.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(prefer === undefined ? {} : { prefer }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? null : parseJson(text) };
    },
    submit: async (fate, more = {}) => {
      const simulate = typeof fate === 'string' ? { fate } : fate;
      const body = { actionId: 'charge', inputs: { simulate }, ...more };
      const answer = await stage.request('POST', '/v1/executions', { body });
      if (answer.status !== 202) throw new Error(`submitting was answered ${answer.status}`);
      return answer.body.correlationId;
    },
    get: async (correlationId) => (await stage.request('GET', `/v1/executions/${correlationId}`)).body,
    events: async (correlationId) => {
      const { body } = await stage.request('GET', `/v1/executions/${correlationId}/audit`);
      return body.items.map(({ event }: { event: string }) => event);
    },
    until: async (condition) => {
      const giveUpAt = performance.now() + PATIENCE_MS;
      const turnPatiently = createTurns();
      while (!(await condition())) {
        if (performance.now() > giveUpAt) throw new Error('what the story waited for did not happen');
        await turnPatiently();
      }
    },
    untilStatus: (correlationId, status) =>
      stage.until(async () => (await service.store.find(correlationId))?.status === status),
    pass: async (ms, stepMs = 500) => {
      for (let left = ms; left > 0; left -= stepMs) {
        await world.advance(Math.min(left, stepMs));
        await rest(REST_TURNS);
      }
    },
    passHours: async (hours) => {
      for (let left = hours * 12; left > 0; left -= 1) {
        await world.oversleep(5 * 60_000);
        await rest(REST_TURNS);
      }
    },
  };
  onTestFinished(async () => {
    await Promise.all([stage.stop(), ...others.map((one) => one.stop()), stage.pass(20_000, 5_000)]);
    await simulator.close();
    await proxy?.close();
  });
  return stage;
}

/** The callback URL of this execution, signed as the receiver signs it. */
export async function callbackUrlOf(stage: Stage, correlationId: string, secret = CALLBACK_SECRET): Promise<string> {
  const { store, webhookUrl } = stage.service();
  const { reference = '' } = (await store.find(correlationId)) ?? {};
  return createSignedUrls(webhookUrl, [secret]).mint(reference);
}

/** Turns of the event loop in which responses over loopback arrive, and those in which a settled receiver sends no statement. */
const REST_TURNS = 20;
const SETTLED_TURNS = 3;

/** Returns a function that lets the event loop turn, with PostgreSQL until it has been asked nothing for that number of turns. */
function createRest(proxy: WatchedProxy | null): (turns: number) => Promise<void> {
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return async (turns) => {
    for (let left = turns, seen = proxy?.messages(); left > 0; left -= 1) {
      await turn();
      await proxy?.idle();
      if (proxy?.messages() !== seen) left = turns;
      seen = proxy?.messages();
    }
  };
}

/** Returns the words of a page. */
export async function page(stage: Pick<Stage, 'service'>, path: string): Promise<string> {
  const headers = { authorization: `Bearer ${OPERATOR_KEY}`, accept: 'text/html' };
  const html = await (await fetch(`${stage.service().url}${path}`, { headers })).text();
  return html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
}
