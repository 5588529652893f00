// A commit of several requests' changes attributes each change to its request.

import { expect, onTestFinished, test } from 'vitest';
import { runInRequest } from '../../../../src/lib/request-context.ts';
import { systemWorld } from '../../../../src/lib/world.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { anExecution } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

test('in one commit each change has its own request, and what the service does by itself has none', async () => {
  const path = temporaryDatabase();
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  const commits: (string | undefined)[][] = [];
  store.watch((changes) => void commits.push(changes.map(({ requestId }) => requestId)));
  const add = () => store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 10 });
  await Promise.all([
    runInRequest({ id: 'one', at: 0, correlationId: null }, add),
    runInRequest({ id: 'two', at: 0, correlationId: null }, add),
    add(),
  ]);
  expect(commits).toEqual([['one', 'two', undefined]]);
});

test('the change of a request that is alone is committed at once', async () => {
  const path = temporaryDatabase();
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  let turns = 0;
  setImmediate(() => {
    turns += 1;
  });
  const add = () => store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 10 });
  await runInRequest({ id: 'one', at: 0, correlationId: null, isAlone: true }, add);
  expect(turns).toBe(0);
});
