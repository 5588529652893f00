// The receiver of a simulation: the whole service on a real file, which can be killed at any await and started again.

import { copyFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promiseHooks } from 'node:v8';
import Database from 'better-sqlite3';
import { type Config, readConfig } from '../../src/config/config.ts';
import type { Fetch } from '../../src/http/fetch.ts';
import type { Metrics } from '../../src/observability/metrics/metrics.ts';
import { type Receiver as RunningReceiver, startReceiver } from '../../src/receiver.ts';
import type { CheckpointPhase } from '../../src/store/sqlite/file/checkpoint/checkpointer.ts';
import { readFileRow } from '../../src/store/sqlite/file/identity.ts';
import type { WebhookSender } from '../../src/webhooks/port.ts';
import { seededRandom } from '../support/manual-world.ts';
import { quietLog, type RememberingLog } from '../support/quiet-log.ts';
import { simulatedCheckpoints } from './checkpoints.ts';
import type { Clock, MortalWorld } from './clock.ts';
import type { Settings } from './history.ts';

export const KEYS = {
  shop: 'the-shop-key-0123456789',
  other: 'the-other-key-0123456789',
  operator: 'the-operator-key-0123456789',
} as const;
export type App = 'shop' | 'other';
/** The app that has a default URL. */
export const NOTIFIED_APP: App = 'shop';
export const PUBLIC_URL = 'https://receiver.example';

/** One life of the receiver, from a start to a stop or a crash. */
interface Life {
  readonly service: RunningReceiver;
  readonly startedAt: number;
  ask(request: Request): Promise<Response | null>;
  /** It has no effect on others any more. */
  end(): void;
}

export interface Receiver {
  start(): Promise<void>;
  /** Null when no receiver runs, or when it dies before it responds. */
  ask(request: Request): Promise<Response | null>;
  /** Dies at once: uncommitted data and pending responses are lost. */
  kill(): void;
  /** Dies after this number of awaits, of any task, has continued. */
  killAfter(awaits: number): void;
  /** As on SIGTERM. */
  stop(): Promise<void>;
  alive(): boolean;
  /** Wall clock. */
  startedAt(): number;
  databasePath(): string;
  /** The steps of checkpoints that happened. */
  phases(): readonly CheckpointPhase[];
  readonly log: RememberingLog;
}

export interface ReceiverOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly seed: number;
  readonly settings: Settings;
  readonly fetchFor: (alive: () => boolean) => typeof fetch;
  readonly courierFor: (alive: () => boolean) => WebhookSender;
}

/** So few that the histories count repeats. */
const LISTED_REPEATS = 1;

export function createReceiver({ folder, clock, seed, settings, fetchFor, courierFor }: ReceiverOptions): Receiver {
  const log = quietLog();
  const phases = new Set<CheckpointPhase>();
  let lives = 0;
  let path = join(folder, 'receiver-0.db');
  let life: Life | null = null;
  let disarm = () => {};

  async function start(): Promise<void> {
    lives += 1;
    const world = clock.world(seed * 1000 + lives);
    const underWay = new Set<Promise<unknown>>();
    let serve: Fetch | null = null;
    let alive = true;
    let die = () => {};
    const died = new Promise<null>((resolve) => {
      die = () => resolve(null);
    });
    const service = await startReceiver({
      config: configOf(settings, path),
      world,
      log: { ...log, warn: () => {}, error: (facts, message) => alive && log.error(facts, message) },
      fatal: (error) => alive && log.error({ reason: String(error) }, 'the store gave up'),
      overrides: {
        listen: async (fetch) => {
          serve = fetch;
          const close = async (graceMs: number) => {
            serve = null;
            await Promise.race([Promise.allSettled(underWay), world.sleep(graceMs)]);
          };
          return { url: PUBLIC_URL, port: 443, renew: () => {}, close };
        },
        webhooks: courierFor(() => alive),
        fetcher: { fetch: fetchFor(() => alive), timeout: (ms) => timeout(world, ms) },
        metrics: createQuietMetrics(clock.touch),
        listedRepeats: LISTED_REPEATS,
        checkpoints: simulatedCheckpoints({
          sleep: clock.sleep,
          random: seededRandom(seed * 1000 + lives),
          touch: clock.touch,
          observe: (phase) => void phases.add(phase),
        }),
      },
    });
    life = {
      service,
      startedAt: clock.now(),
      ask: async (request) => {
        if (serve === null) return null;
        const answer = Promise.race([serve(request), died]);
        underWay.add(answer);
        return answer.finally(() => underWay.delete(answer));
      },
      end: () => {
        alive = false;
        world.end();
        die();
      },
    };
  }

  /** The dead receiver may run for a while, but on a file that is no longer read. */
  function kill(): void {
    disarm();
    const dying = life;
    if (dying === null) return;
    life = null;
    dying.end();
    const before = path;
    path = join(folder, `receiver-${lives}.db`);
    for (const suffix of ['', '-wal']) {
      if (existsSync(before + suffix)) copyFileSync(before + suffix, path + suffix);
    }
    if (existsSync(path)) takeForOriginal(path);
    // Releases what ends with a process: timers, connections, listeners.
    setImmediate(() => void dying.service.stop());
  }

  return {
    start,
    kill,
    killAfter: (awaits) => {
      let left = awaits;
      const stopHook = promiseHooks.onBefore(() => {
        left -= 1;
        if (left === 0) kill();
      });
      disarm = () => {
        disarm = () => {};
        stopHook();
      };
    },
    ask: async (request) => {
      clock.touch();
      const response = (await life?.ask(request)) ?? null;
      clock.touch();
      return response;
    },
    stop: async () => {
      const stopping = life;
      if (stopping === null) return;
      let stopped = false;
      void stopping.service.stop().then(() => {
        stopped = true;
      });
      // A crash may happen in between.
      while (!stopped && life === stopping) await clock.advance(250);
      if (life !== stopping) return;
      stopping.end();
      life = null;
    },
    alive: () => life !== null,
    startedAt: () => life?.startedAt ?? clock.now(),
    databasePath: () => path,
    phases: () => [...phases],
    log,
  };
}

/** A crash leaves the file where it is. Its copy here must not count as a restored copy, whose ids continue after a gap. */
function takeForOriginal(path: string): void {
  const client = new Database(path);
  try {
    if (readFileRow(client) === undefined) return;
    const { dev, ino } = statSync(path);
    client
      .prepare('UPDATE database_file SET device = ?, inode = ?, lock_path = ?')
      .run(String(dev), String(ino), `${path}.lock`);
  } finally {
    client.close();
  }
}

function configOf(settings: Settings, databasePath: string): Config {
  return readConfig({
    CXONE_BASE_URL: 'https://cxone.example',
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL,
    CALLBACK_SECRET: 'a-secret-for-histories-of-32-characters',
    CALLBACK_TRUST: settings.trust,
    APP_KEYS: `shop:${KEYS.shop},other:${KEYS.other}`,
    OPERATOR_KEYS: `operator:${KEYS.operator}`,
    NOTIFY_URLS: `${NOTIFIED_APP}:https://hooks.example/`,
    DATABASE_PATH: databasePath,
    MAX_CONCURRENT: String(settings.maxConcurrent),
    RATE_LIMIT_PER_SECOND: String(settings.ratePerSecond),
    QUEUE_CAPACITY: String(settings.queueCapacity),
    QUEUE_TIMEOUT_SECONDS: String(settings.queueTimeoutSeconds),
    POLL_INTERVAL_SECONDS: String(settings.pollIntervalSeconds),
  });
}

function timeout(world: MortalWorld, ms: number): AbortSignal {
  const controller = new AbortController();
  void world.sleep(ms).then(() => controller.abort(new DOMException('The operation timed out', 'TimeoutError')));
  return controller.signal;
}

/** The real ones observe the whole process, and a simulation starts a receiver many times a second. */
function createQuietMetrics(touch: () => void): Metrics {
  return {
    observeRequest: () => {},
    observeCallback: () => {},
    observeTokenRequest: () => {},
    observeKeyRefusal: () => {},
    observeCommit: touch,
    observeCheckpoint: touch,
    connect: () => {},
    scrape: async () => ({ contentType: 'text/plain', body: '' }),
  };
}
