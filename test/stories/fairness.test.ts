// Fairness across the whole service, counted in requests as CXone sees them: which app overtakes which, and by how much.

import { expect, test } from 'vitest';
import { isOnPostgres, OTHER_APP_KEY, type Stage, setStage } from './stage.ts';

/** One request about every 50 ms, so that a queue forms; no polls, no callbacks. */
const SLOW = { RATE_LIMIT_PER_SECOND: '20', QUEUE_TIMEOUT_SECONDS: '86400', LOG_LEVEL: 'warn' };
const SILENT = { actionId: 'charge', inputs: { simulate: { fate: 'lost-callback' } }, graceSeconds: 86_400 };

/** The correlation ids in the order in which CXone received them. */
const seen = (stage: Stage) => stage.simulator.executions().map(({ correlationId }) => correlationId);

async function queue(stage: Stage, count: number, more: object, key?: string): Promise<string[]> {
  const ids: string[] = [];
  for (let left = count; left > 0; left -= 1000) {
    const executions = Array.from({ length: Math.min(left, 1000) }, () => ({ ...SILENT, ...more }));
    const answer = await stage.request('POST', '/v1/executions/batch', {
      body: { executions },
      ...(key === undefined ? {} : { key }),
    });
    expect([answer.status, answer.body.refused]).toEqual([200, 0]);
    ids.push(
      ...answer.body.items.map((item: { execution: { correlationId: string } }) => item.execution.correlationId),
    );
  }
  return ids;
}

/** Waits until CXone has received this number of requests. */
async function untilSeen(stage: Stage, count: number): Promise<void> {
  await stage.until(async () => {
    if (seen(stage).length < count) await stage.pass(100, 50);
    return seen(stage).length >= count;
  });
}

test('a single submission reaches CXone after a few requests, although another app has queued 3,000', async () => {
  const stage = await setStage(SLOW);
  await queue(stage, 3_000, {});
  await untilSeen(stage, 10);
  const before = seen(stage).length;
  const [single = ''] = await queue(stage, 1, {}, OTHER_APP_KEY);
  await untilSeen(stage, before + 5);
  expect(seen(stage).indexOf(single) - before).toBeLessThanOrEqual(4);
  expect(seen(stage)).toContain(single);
  expect((await stage.service().store.openCounts()).QUEUED).toBeGreaterThan(2_900);
});

test('weights of 3 to 1 hold at CXone', async () => {
  const stage = await setStage({ ...SLOW, APP_WEIGHTS: 'shop:3,other:1' });
  const heavy = new Set(await queue(stage, 300, {}));
  await queue(stage, 300, {}, OTHER_APP_KEY);
  const before = seen(stage).length;
  await untilSeen(stage, before + 80);
  const share = seen(stage)
    .slice(before, before + 80)
    .filter((id) => heavy.has(id)).length;
  expect(Math.abs(share - 60)).toBeLessThanOrEqual(2);
});

test('within an app a higher priority is sent first, and the turns of another app stay the same', async () => {
  const stage = await setStage(SLOW);
  const idle = await queue(stage, 5, { priority: 0 });
  const usual = await queue(stage, 20, {});
  const before = seen(stage).length;
  const urgent = await queue(stage, 5, { priority: 9 });
  const others = await queue(stage, 5, { priority: 0 }, OTHER_APP_KEY);
  await untilSeen(stage, idle.length + usual.length + urgent.length + others.length);
  const places = (ids: string[]) => ids.map((id) => seen(stage).indexOf(id)).filter((place) => place >= before + 2);
  // The other app takes turns: ten requests for the five urgent ones, one or two of which may be in progress already.
  expect(Math.max(...places(urgent))).toBeLessThanOrEqual(before + 12);
  expect(Math.max(...places(others))).toBeLessThanOrEqual(before + 12);
  expect(Math.min(...places(usual))).toBeGreaterThan(Math.max(...places(urgent)) - 2);
  expect(Math.min(...places(idle))).toBeGreaterThan(Math.max(...places(usual)) - 2);
});

// The rates on PostgreSQL follow its clock: test/store/postgres/limits.slow.test.ts.
test.skipIf(isOnPostgres())(
  'an app that exceeds its rate receives the time to wait, and is accepted after it',
  async () => {
    const stage = await setStage({ APP_RATES: 'shop:2' });
    await stage.submit('callback');
    await stage.submit('callback');
    const refused = await stage.request('POST', '/v1/executions', { body: SILENT });
    expect(refused.status).toBe(429);
    const other = await stage.request('POST', '/v1/executions', { body: SILENT, key: OTHER_APP_KEY });
    expect(other.status).toBe(202);
    await stage.pass(Number(refused.headers.get('retry-after')) * 1000);
    expect((await stage.request('POST', '/v1/executions', { body: SILENT })).status).toBe(202);
  },
);

test('an app fills its share of the queue and leaves the rest to others', async () => {
  const stage = await setStage({ ...SLOW, QUEUE_CAPACITY: '100', APP_QUEUE_SHARES: 'shop:0.2' });
  const executions = Array.from({ length: 60 }, () => SILENT);
  const { body } = await stage.request('POST', '/v1/executions/batch', { body: { executions } });
  expect(body).toMatchObject({ accepted: 20, refused: 40 });
  const refused = await stage.request('POST', '/v1/executions', { body: SILENT });
  // One or another may have been sent meanwhile.
  expect([202, 429]).toContain(refused.status);
  expect(await queue(stage, 70, {}, OTHER_APP_KEY)).toHaveLength(70);
});
