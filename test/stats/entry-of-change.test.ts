// Statistics of a commit are those that the store would return for it.

import { expect, test } from 'vitest';
import { entryOfChange } from '../../src/stats/entry-of-change.ts';
import type { Change } from '../../src/store/port.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { anExecution, callback, completed, NOON, polled, RUNNING, submitted } from '../support/executions.ts';
import { fatal } from '../support/fatal.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';
import { temporaryDatabase } from '../support/temporary-database.ts';

test('an entry that is taken from its commit equals the one that is read from the store', async () => {
  const path = temporaryDatabase();
  const store = createSqliteStore({ path, world: createManualWorld(), log: quietLog(), fatal });
  const changes: Change[] = [];
  store.watch((committed) => void changes.push(...committed));
  const ends = {
    called: [callback(completed()), callback(completed()), polled(completed())],
    polled: [polled(RUNNING), polled(completed()), callback(completed({ other: true }))],
    hinted: [callback(RUNNING), callback(completed())],
    cancelled: [{ type: 'cancelled', by: 'app:shop' }, callback(completed())],
    expired: [],
  } as const;
  for (const [actionId, events] of Object.entries(ends)) {
    const execution = anExecution({ actionId }, NOON);
    await store.add({ execution, fingerprint: actionId, queueCapacity: 10 });
    await store.claimDispatches(1, NOON + 1);
    await store.record(execution.reference, submitted({ executionId: actionId, latencyMs: 50 }), NOON + 2);
    for (const [i, event] of events.entries()) await store.record(execution.reference, event, NOON + 1_000 * (i + 1));
  }
  await store.expire(10, NOON + 86_400_000);

  const { entries } = await store.statisticsAfter(0, 1_000);
  expect(entries.map(({ id }) => id)).toEqual(changes.map(({ entry }) => entry.id));
  const taken = changes.map(entryOfChange);
  const compared = taken.map((entry, i) => entry ?? entries[i]);
  expect(compared).toEqual(entries);
  const readBack = entries.filter((_entry, i) => taken[i] === null).map(({ event }) => event);
  expect(new Set(readBack)).toEqual(
    new Set(['CALLBACK_DUPLICATE', 'POLL_COMPLETED', 'CALLBACK_CONFLICT', 'CANCELLED', 'CALLBACK_LATE']),
  );
  await store.close();
});
