// The feed of a long trail: each read is short, for every reader and every content.

import { expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../../src/lib/world.ts';
import type { Store } from '../../../../src/store/port.ts';
import { WINDOW } from '../../../../src/store/sqlite/audit/feed.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { anExecution, callback, completed, NOON } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

function open(): Store {
  const path = temporaryDatabase();
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  return store;
}

const asNew = (app: string, correlationId?: string) => ({
  execution: anExecution({ app, ...(correlationId === undefined ? {} : { correlationId }) }),
  fingerprint: 'print',
  queueCapacity: 1_000_000,
});

test('a rare app among many entries of others is found in steps, one execution at once', async () => {
  const store = open();
  await store.add(asNew('rare', 'first'));
  for (let i = 0; i < WINDOW + 2_000; i += 1_000) {
    await store.addAll(
      Array.from({ length: 1_000 }, () => asNew('busy')),
      false,
    );
  }
  await store.add(asNew('rare', 'last'));
  const { id: newest } = await store.head();
  const rare = (after: number) => store.feed({ app: 'rare', after, limit: 100 });
  expect(await rare(1)).toMatchObject({ entries: [], through: 1 + WINDOW, newest });
  expect(await rare(1 + WINDOW)).toMatchObject({ entries: [{ id: newest }], through: newest });
  const one = await store.feed({ app: 'rare', correlationId: 'last', after: 1, limit: 100 });
  expect(one).toMatchObject({ entries: [{ id: newest }], through: newest });
});

test('long details end a read early, and the next read continues behind them', async () => {
  const store = open();
  const submission = asNew('shop');
  await store.add(submission);
  const { reference } = submission.execution;
  await store.record(reference, callback(completed()), NOON);
  for (let i = 0; i < 5; i += 1) {
    await store.record(reference, callback(completed({ i, long: 'x'.repeat(60_000) })), NOON);
  }
  const first = await store.feed({ app: null, after: 0, limit: 100 });
  expect(first.entries.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
  expect(first.through).toBe(5);
  const { correlationId } = submission.execution;
  const second = await store.feed({ app: null, correlationId, after: first.through, limit: 100 });
  expect(second.entries.map(({ id }) => id)).toEqual([6, 7]);
});
