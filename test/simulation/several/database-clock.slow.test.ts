// A clock of the database that is set back by an hour and forward again: nothing that waits is delayed, whichever receiver leads.

import { describe, expect, onTestFinished, test } from 'vitest';
import { createSimulator } from '../../../src/simulator/app.ts';
import { createDice } from '../../../src/simulator/dice.ts';
import type { FateName } from '../../../src/simulator/fates/catalogue.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { createDatabaseClock, createMachineClock } from './clocks.ts';
import { startHook } from './hook.ts';
import { APP_KEY, type Life, OPERATOR_KEY, startLife } from './receivers.ts';

const HOUR_MS = 3_600_000;
/** What has not ended by then waits for the hour. */
const PATIENCE = { timeout: 240_000, interval: 200 };
const RECEIVERS = 3;

const STATUSES = 'SELECT correlation_id AS id, status FROM executions ORDER BY correlation_id';
const AHEAD = 'SELECT 1 FROM receivers WHERE beat_at > clock_timestamp()';
const PAUSED = { actionId: 'charge' };

async function setStage() {
  const databaseUrl = await newReceiverDatabase();
  const clock = await createDatabaseClock(databaseUrl);
  const simulator = createSimulator({ latencyMs: 5, jitterMs: 0, runMs: 20, runJitterMs: 0, requestsPerSecond: 0 });
  onTestFinished(() => simulator.close());
  const { url: cxoneUrl } = await simulator.listen();
  const hook = await startHook(createDice('database-clock'));
  hook.heal();
  const { world, step } = createMachineClock();
  step(HOUR_MS);
  const lives: Life[] = [];
  const surroundings = { databaseUrl, cxoneUrl, publicUrl: 'http://127.0.0.1', hook, world, crashed: () => {} };
  for (let at = 0; at < RECEIVERS; at += 1) lives.push(await startLife(surroundings));

  async function post(path: string, key: string, body: object): Promise<void> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await fetch(`${lives.at(-1)?.url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    expect([path, response.ok]).toEqual([path, true]);
  }
  const rows = (text: string) => withClient(databaseUrl, async (client) => (await client.query(text)).rows as object[]);
  const submit = (correlationId: string, actionId: string, fate: FateName) =>
    post('/v1/executions', APP_KEY, {
      ...{ correlationId, actionId, inputs: { simulate: { fate } } },
      ...{ graceSeconds: 8, timeoutSeconds: 30 },
    });
  return { clock, simulator, hook, post, rows, submit };
}

describe.skipIf(serverUrl === null)('three receivers on PostgreSQL', () => {
  test('send and poll what waits, and notify of it, while the clock of the database is an hour behind and after that', {
    timeout: 900_000,
  }, async () => {
    const { clock, simulator, hook, post, rows, submit } = await setStage();
    const ids: string[] = [];
    for (const [n, ms] of [-HOUR_MS, HOUR_MS].entries()) {
      await post('/v1/pauses', OPERATOR_KEY, PAUSED);
      for (const [actionId, fate] of [
        ['charge', 'callback'],
        ['look-up', 'lost-callback'],
      ] as const) {
        const id = `${actionId}-${n}`;
        ids.push(id);
        await submit(id, actionId, fate);
      }
      // The clocks of the machines are an hour ahead.
      const later = clock.shown().latest + HOUR_MS / 2;
      expect(await rows(`SELECT id FROM execution_rows WHERE submitted_at > ${later}`)).toEqual([]);
      await expect.poll(() => simulator.execution(`look-up-${n}`)?.runs, PATIENCE).toBe(1);
      await clock.step(ms);
      // Each receiver has read the clock: what one accepts before that may wait for as long as the step is.
      await expect.poll(() => rows(AHEAD), PATIENCE).toEqual([]);
      await post('/v1/pauses/resume', OPERATOR_KEY, PAUSED);
      const completed = ids.toSorted().map((id) => ({ id, status: 'COMPLETED' }));
      await expect.poll(() => rows(STATUSES), PATIENCE).toEqual(completed);
      const notified = () => hook.accepted.map(({ correlationId }) => correlationId).toSorted();
      await expect.poll(notified, PATIENCE).toEqual(ids.toSorted());
    }
    expect(ids.map((id) => simulator.execution(id)?.posts.length)).toEqual([1, 1, 1, 1]);
  });
});
