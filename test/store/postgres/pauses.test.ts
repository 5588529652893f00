// The pauses that a receiver on PostgreSQL keeps in memory, while it changes them and reads those of others.

import { expect, test } from 'vitest';
import { createSendingPauses } from '../../../src/store/postgres/executions/pauses.ts';

const SHOP = { app: 'shop', actionId: null } as const;
const PAUSE = { ...SHOP, since: Date.parse('2026-01-01T12:00:00Z'), by: 'operator:alice', reason: null };

test('a pause that is being committed stays in force while the pauses of the database are read, and no resume is reported', async () => {
  const committed = Promise.withResolvers<unknown>();
  const reads = { all: async () => [], first: async () => undefined };
  const { port, paused, reload } = createSendingPauses(reads as never, { write: () => committed.promise as never });
  let resumes = 0;
  port.watchResumes(() => {
    resumes += 1;
  });
  const pausing = port.pauseSending(PAUSE);
  await reload(async () => []);
  committed.resolve({ before: null, isAdded: true, queued: 3 });
  expect(await pausing).toEqual({ isNew: true, pause: { ...PAUSE, queued: 3 } });
  expect([paused.apps, resumes]).toEqual([['shop'], 0]);
  await reload(async () => []);
  expect([paused.apps, resumes]).toEqual([[], 1]);
});
