// Results that are large and come at once: together they would take longer than a statement may.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { createReusedDatabase, serverUrl } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const database = createReusedDatabase();
const opened: PostgresStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

describe.skipIf(serverUrl === null)('results that come at once', () => {
  test.for([
    { title: 'small ones are committed together', length: 10, batches: [3] },
    { title: 'large ones are committed one by one', length: 3_000_000, batches: [1, 1, 1] },
  ])('$title', async ({ length, batches }) => {
    const committed: number[] = [];
    const observeCommit = (batch: number) => void committed.push(batch);
    const store = await openPostgresStore({
      url: await database(),
      world: systemWorld,
      log: quietLog(),
      observeCommit,
    });
    opened.push(store);
    const added = Array.from({ length: 3 }, () => anExecution());
    const asNew = added.map((execution) => ({ execution, fingerprint: 'print', queueCapacity: 10 }));
    await store.addAll(asNew, false);
    committed.length = 0;
    // Each quotation mark is escaped twice.
    const event = callback(completed({ text: '"'.repeat(length) }));
    const recorded = await Promise.all(added.map(({ reference }) => store.record(reference, event, NOON)));
    expect(recorded.map((one) => one?.outcome)).toEqual(['resolved', 'resolved', 'resolved']);
    expect(committed).toEqual(batches);
  });
});
