// Several receivers on one PostgreSQL in a time that the test moves, also that of the database: each can be stopped, killed or halted.

import { Client } from 'pg';
import { onTestFinished } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import type { Fetcher } from '../../../src/cxone/transport.ts';
import type { World } from '../../../src/lib/world.ts';
import { type Receiver, startReceiver } from '../../../src/receiver.ts';
import { fatal } from '../../support/fatal.ts';
import { createManualWorld, START } from '../../support/manual-world.ts';
import { newReceiverDatabase, withClient } from '../../support/postgres/databases.ts';
import { startWatchedProxy, type WatchedProxy } from '../../support/postgres/watched-proxy.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { type CountingCxone, createCountingCxone } from './cxone.ts';

/** One step of the time, unless a test needs smaller ones. */
export const STEP_MS = 20;
/** Turns of the event loop without a message to or from the database. */
const SETTLED_TURNS = 4;

/** The clock of the database, which comes before that of PostgreSQL in the search path of each session. */
const CLOCK = `CREATE SCHEMA clock; CREATE TABLE clock.now (ms double precision NOT NULL);
  INSERT INTO clock.now (ms) VALUES (${START});
  CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT to_timestamp(ms / 1000) FROM clock.now
  $$`;

export interface Member {
  readonly name: string;
  readonly store: Receiver['store'];
  leads(): boolean;
  /** As SIGTERM does. */
  stop(): Promise<void>;
  /** As SIGKILL does: nothing of it reaches the database or CXone any more. */
  kill(): void;
  /** As SIGSTOP does, until `resume`. */
  halt(): void;
  resume(): void;
}

export interface Fleet {
  readonly cxone: CountingCxone;
  /** Milliseconds of the time that the test moves. */
  now(): number;
  elapsed(): number;
  start(): Promise<Member>;
  /** The one that leads, once one does. */
  leader(): Promise<Member>;
  pass(ms: number): Promise<void>;
  /** Sets the clock of the database, which the receivers follow. */
  setDatabaseClock(ms: number): Promise<void>;
  /** Moves the time in steps of this length from now on, milliseconds. */
  inStepsOf(ms: number): void;
  /** Lets time pass until the work is done. */
  during<T>(work: Promise<T>): Promise<T>;
}

// One function because the receivers share the time and the database.
export async function createFleet(env: Readonly<Record<string, string>>): Promise<Fleet> {
  const databaseUrl = await newReceiverDatabase();
  await withClient(databaseUrl, async (client) => {
    await client.query(CLOCK);
    const name = new URL(databaseUrl).pathname.slice(1);
    await client.query(`ALTER DATABASE ${name} SET search_path = public, clock, pg_catalog`);
  });
  const clock = new Client({ connectionString: databaseUrl });
  await clock.connect();
  onTestFinished(() => clock.end());
  const proxies: WatchedProxy[] = [];
  const world = createManualWorld(1, START, () => settle(proxies));
  const cxone = createCountingCxone(world);
  const members: Member[] = [];
  const config = {
    ...{ CXONE_BASE_URL: 'https://cxone.example', CXONE_CLIENT_ID: 'client', CXONE_CLIENT_SECRET: 'client-secret' },
    ...{ PUBLIC_URL: 'https://receiver.example', PORT: '0', CALLBACK_SECRET: 'a-secret-for-fleets-of-32-characters' },
    ...{ APP_KEYS: 'shop:the-shop-key-0123456789,other:the-other-key-0123456789' },
    ...{ OPERATOR_KEYS: 'alice:the-operator-key-0123456789' },
    ...env,
  };

  let stepMs = STEP_MS;
  let databaseAheadMs = 0;
  const tellDatabase = () => clock.query('UPDATE clock.now SET ms = $1', [world.now() + databaseAheadMs]);

  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await world.advance(Math.min(left, stepMs));
      await tellDatabase();
      await settle(proxies);
    }
  }

  async function during<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    while (!isDone) await pass(stepMs);
    return done;
  }

  const fleet: Fleet = {
    cxone,
    now: world.now,
    elapsed: world.elapsed,
    start: async () => {
      const name = `receiver ${members.length + 1}`;
      const proxy = await startWatchedProxy(databaseUrl);
      proxies.push(proxy);
      const life = createLife(world);
      const fetcher: Fetcher = {
        fetch: (async (url, init) => {
          await life.runs();
          const response = await cxone.fetch(name, String(url), init?.body);
          await life.runs();
          return response;
        }) as typeof fetch,
        timeout: () => new AbortController().signal,
      };
      const service = await during(
        startReceiver({
          ...{ config: readConfig({ ...config, DATABASE_URL: proxy.url }), world: life.world, log: quietLog(), fatal },
          overrides: { fetcher, connectionTime: life.world },
        }),
      );
      let stopped: Promise<void> | null = null;
      let ended = false;
      const member: Member = {
        name,
        store: service.store,
        leads: () => !ended && leads(service),
        stop: () => {
          ended = true;
          stopped ??= service.stop();
          return stopped;
        },
        kill: () => {
          ended = true;
          life.end();
          proxy.refuse();
        },
        halt: () => {
          life.halt();
          proxy.hold();
        },
        resume: () => {
          life.resume();
          proxy.release();
        },
      };
      members.push(member);
      onTestFinished(async () => {
        life.release();
        await during(member.stop());
        await proxy.close();
      });
      return member;
    },
    leader: async () => {
      for (;;) {
        const leading = members.find((member) => member.leads());
        if (leading !== undefined) return leading;
        await pass(stepMs);
      }
    },
    pass,
    setDatabaseClock: async (ms) => {
      databaseAheadMs += ms;
      await tellDatabase();
    },
    inStepsOf: (ms) => {
      stepMs = ms;
    },
    during,
  };
  return fleet;
}

const leads = ({ store }: Receiver): boolean =>
  (store as Receiver['store'] & { readonly leadership: { leads(): boolean } }).leadership.leads();

/** Runs all work that does not wait for the time. */
async function settle(proxies: readonly WatchedProxy[]): Promise<void> {
  const messages = () => proxies.reduce((sum, proxy) => sum + proxy.messages(), 0);
  for (let left = SETTLED_TURNS, seen = messages(); left > 0; left -= 1) {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    for (const proxy of proxies) await proxy.idle();
    if (messages() !== seen) left = SETTLED_TURNS;
    seen = messages();
  }
}

interface Life {
  readonly world: World;
  /** Resolves at once while the receiver runs, when it runs again after a halt, and never after its end. */
  runs(): Promise<void>;
  end(): void;
  halt(): void;
  resume(): void;
  /** Lets everything of a receiver that does not run end, after the test. */
  release(): void;
}

function createLife(world: World): Life {
  const released = Promise.withResolvers<void>();
  let state: 'runs' | 'halted' | 'ended' | 'released' = 'runs';
  let resumed = Promise.withResolvers<void>();
  async function runs(): Promise<void> {
    if (state === 'ended') return released.promise;
    if (state === 'halted') {
      await resumed.promise;
      return runs();
    }
  }
  return {
    runs,
    world: {
      ...world,
      sleep: async (ms, signal) => {
        // A loop that sleeps again at once leaves others their turns.
        if (state === 'released') return new Promise((resolve) => void setImmediate(resolve));
        await Promise.race([world.sleep(ms, signal), released.promise]);
        await runs();
      },
    },
    end: () => {
      state = 'ended';
    },
    halt: () => {
      state = 'halted';
      resumed = Promise.withResolvers<void>();
    },
    resume: () => {
      state = 'runs';
      resumed.resolve();
    },
    release: () => {
      if (state === 'runs') return;
      state = 'released';
      resumed.resolve();
      released.resolve();
    },
  };
}
