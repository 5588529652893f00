// What the detection of incidents reads about the queue stays true although a slow read is not repeated at once.

import { expect, test } from 'vitest';
import { createSignalReader, type SignalSources } from '../../src/workers/incidents/signals.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const IDLE = { counts: { QUEUED: 0, UNCONFIRMED: 0, PENDING: 0 }, oldestQueuedAt: null, oldestPendingAt: null };

/** A receiver of which only the queue counts. Each read of the queue takes the time that is set. */
function staged() {
  const stage = { elapsedMs: 0, readMs: 0, oldestQueuedAt: null as number | null, reads: 0 };
  const nothing = { requests: [], ends: [], callbacks: [], commits: [], words: [], dead: [] };
  const sources: SignalSources = {
    store: {
      file: null,
      newestTime: null,
      lastClockStep: async () => null,
      waitingIn: async () => 0,
      list: async () => ({ items: [], next: null }),
      queueState: async () => {
        stage.reads += 1;
        stage.elapsedMs += stage.readMs;
        const queued = stage.oldestQueuedAt === null ? 0 : 1;
        const counts = { ...IDLE.counts, QUEUED: queued };
        return { ...IDLE, counts, oldestQueuedAt: stage.oldestQueuedAt, queuedByApp: new Map() };
      },
    },
    world: { now: () => NOON + stage.elapsedMs, elapsed: () => stage.elapsedMs },
    cxone: { tokenProblem: () => null, connectionProblems: () => [], limiterState: () => ({ pause: null }) },
    samples: () => nothing,
    openCircuits: () => [],
    webhookProblem: () => null,
    loops: () => new Map(),
    queueCapacity: 100,
    missedCallbacks: async () => [],
  };
  const read = createSignalReader(sources);
  return { stage, queue: async () => (await read(false)).queue };
}

test('an execution that was queued during one slow read has not waited since', async () => {
  const { stage, queue } = staged();
  Object.assign(stage, { oldestQueuedAt: NOON - 100, readMs: 1_000 });
  expect(await queue()).toMatchObject({ queued: 1, waitedMs: 100 });
  stage.elapsedMs += 58_000;
  expect(await queue()).toMatchObject({ waitedMs: 100 });
});

test('the queue is read again within a minute after a slow read', async () => {
  const { stage, queue } = staged();
  stage.readMs = 1_500;
  await queue();
  stage.elapsedMs += 58_000;
  await queue();
  expect(stage.reads).toBe(1);
  stage.elapsedMs += 1_000;
  await queue();
  expect(stage.reads).toBe(2);
});
