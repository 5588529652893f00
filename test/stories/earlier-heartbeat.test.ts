// The clock is set while a receiver is down whose file is of a version that wrote no heartbeat.

import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { setStage } from './stage.ts';

const HOUR_MS = 3_600_000;

/** The longest delay: a round of the watch, a loop and a response. */
const MAX_DELAY_MS = 3_000;

test('a database of an earlier version without a heartbeat is compared by its newest entry', async () => {
  const stage = await setStage();
  const id = await stage.submit('lost-callback', { graceSeconds: 60 });
  await stage.untilStatus(id, 'PENDING');
  await stage.stop();
  const client = new Database(stage.databasePath);
  client.prepare("UPDATE heartbeat SET at = '1970-01-01T00:00:00.000Z'").run();
  client.close();
  stage.world.stepClock(-HOUR_MS);
  await stage.restart();
  await stage.pass(60_000 + MAX_DELAY_MS);
  expect((await stage.service().store.find(id))?.pollCount).toBeGreaterThan(0);
});
