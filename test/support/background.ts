// The workers over a store and a CXone that a test controls, in a world whose clock the test moves.

import { onTestFinished } from 'vitest';
import type { ExecutionEvent } from '../../src/execution/event.ts';
import type { Execution, Submission } from '../../src/execution/execution.ts';
import { type Loop, startLoop } from '../../src/lib/loop.ts';
import { createSteadyClock } from '../../src/lib/steady-clock.ts';
import { NO_TRACING } from '../../src/observability/tracing/tracing.ts';
import type { Store } from '../../src/store/port.ts';
import { createClockWatch } from '../../src/workers/clock-watch.ts';
import { createLanes } from '../../src/workers/notifier/lanes.ts';
import { startWorkers } from '../../src/workers/workers.ts';
import { anExecution } from './executions.ts';
import { createFakeCourier, type FakeCourier } from './fake-courier.ts';
import { createFakeCxone, type FakeCxone } from './fake-cxone.ts';
import { createManualWorld, type ManualWorld } from './manual-world.ts';
import { quietLog, type RememberingLog } from './quiet-log.ts';
import { createStoreInMemory } from './store-in-memory.ts';

export interface Background {
  readonly world: ManualWorld;
  readonly store: Store;
  readonly cxone: FakeCxone;
  readonly courier: FakeCourier;
  readonly log: RememberingLog;
  add(overrides?: Partial<Submission>): Promise<string>;
  find(correlationId: string): Promise<Execution>;
  events(correlationId: string): Promise<string[]>;
  record(correlationId: string, event: ExecutionEvent): Promise<void>;
  stop(): Promise<void>;
  /** Starts the workers again over the same store, as a restart does. */
  restart(): void;
}

export const RULES = {
  queueTimeoutMs: 300_000,
  pollIntervalMs: 2_000,
  minPollIntervalMs: 0,
  callbackless: false,
  auditRetentionDays: 0,
  payloadRetentionDays: 0,
  appWeights: new Map<string, number>(),
};

export function startTestBackground(rules = RULES): Background {
  const world = createManualWorld();
  const store = createStoreInMemory();
  const cxone = createFakeCxone();
  const courier = createFakeCourier();
  const log = quietLog();
  const callbackUrls = { mint: (reference: string) => `https://receiver.example/webhook/${reference}` };
  const clock = createSteadyClock(world);
  const start = (): ReadonlyMap<string, Loop> => {
    const workers = startWorkers({
      store,
      cxone,
      webhooks: courier,
      lanes: createLanes(clock.world),
      callbackUrls,
      links: { aboveBytes: new Map(), baseUrl: 'https://receiver.example' },
      world: clock.world,
      movedMs: clock.movedMs,
      log,
      tracing: NO_TRACING,
      exports: null,
      secrets: ['a-secret-for-heads-of-32-characters'],
      rules,
    });
    const watch = createClockWatch({ clock, store, log, loops: () => new Map(workers.loops), leads: () => true });
    return new Map([...workers.loops, ['clock', startLoop('clock', watch, clock.world, log)]]);
  };
  let loops = start();

  const background: Background = {
    world,
    store,
    cxone,
    courier,
    log,
    add: async (overrides = {}) => {
      const now = clock.world.now();
      const execution = { ...anExecution(overrides, now), expireAt: now + rules.queueTimeoutMs };
      await store.add({ execution, fingerprint: 'print', queueCapacity: 1000 });
      await world.settle();
      return execution.correlationId;
    },
    find: async (correlationId) => (await store.find(correlationId)) as Execution,
    events: async (correlationId) => (await store.trail(correlationId)).map(({ event }) => event),
    record: async (correlationId, event) => {
      const { reference } = await background.find(correlationId);
      await store.record(reference, event, clock.world.now());
      await world.settle();
    },
    stop: async () => {
      await Promise.all([...loops.values()].map((loop) => loop.stop()));
    },
    restart: () => {
      loops = start();
    },
  };
  // Work that a test left in progress ends with its timeout.
  onTestFinished(async () => void (await Promise.all([background.stop(), world.advance(60_000)])));
  return background;
}
