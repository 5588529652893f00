// Pauses of sending over the API: who may, what is refused, and what the activity and the log keep.

import { expect, test } from 'vitest';
import { running } from './console/visitor.ts';
import { ALICE_KEY, CAROL_KEY, type Harness, startHttp } from './harness.ts';

const pause = (http: Harness, body: unknown, key = ALICE_KEY) => http.call('POST', '/v1/pauses', { key, body });
const resume = (http: Harness, body: unknown, key = ALICE_KEY) => http.call('POST', '/v1/pauses/resume', { key, body });
const list = async (http: Harness) => (await http.call('GET', '/v1/pauses', { key: CAROL_KEY })).json.items;

test('several pauses are in force, each with its scope, operator, time and reason', async () => {
  await using http = await startHttp();
  await http.submit({ correlationId: 'one' });
  const first = await pause(http, { actionId: 'charge-card', reason: 'ticket 4711' });
  expect([first.status, first.json]).toEqual([
    201,
    {
      ...{ actionId: 'charge-card', app: null, since: '2026-01-01T00:00:00.000Z', by: 'operator:alice' },
      ...{ reason: 'ticket 4711', queued: 1 },
    },
  ]);
  await http.world.advance(60_000);
  expect((await pause(http, { actionId: 'charge-card', reason: 'again' })).json).toEqual(first.json);
  expect((await pause(http, { app: 'billing' })).status).toBe(201);
  expect((await pause(http, { all: true })).status).toBe(201);
  expect(await list(http)).toMatchObject([
    { actionId: 'charge-card', reason: 'ticket 4711' },
    { app: 'billing', actionId: null, since: '2026-01-01T00:01:00.000Z', reason: null, queued: 0 },
    { app: null, actionId: null, queued: 1 },
  ]);
  expect((await resume(http, { all: true })).json.resumed).toMatchObject({ app: null, actionId: null });
  expect((await resume(http, { all: true })).json).toEqual({ resumed: null });
  expect(await list(http)).toHaveLength(2);
});

test('only an administrator pauses and resumes, and apps see no pauses', async () => {
  await using http = await startHttp();
  expect((await pause(http, { all: true }, CAROL_KEY)).status).toBe(403);
  expect((await resume(http, { all: true }, CAROL_KEY)).status).toBe(403);
  expect((await http.call('GET', '/v1/pauses')).status).toBe(403);
  expect(await list(http)).toEqual([]);
});

test.for([
  [{}, '#', 'must have exactly one of actionId, app and "all": true'],
  [{ actionId: 'a', app: 'orders' }, '#', 'must have exactly one of actionId, app and "all": true'],
  [{ all: false }, '#/all', 'must be true, or be left out'],
  [{ actionId: 'a b' }, '#/actionId', expect.stringContaining('must be 1 to 128 of the characters')],
  [{ app: 'shopp' }, '#/app', 'is not an app of APP_KEYS, and has no queued executions'],
  [{ all: true, reason: '' }, '#/reason', expect.stringContaining('1 to 500 characters')],
  [{ all: true, until: 'x' }, '#/until', 'is unknown here; leave it out'],
] as const)('%j is refused, and nothing is paused', async ([body, pointer, detail]) => {
  await using http = await startHttp();
  const answer = await pause(http, body);
  expect([answer.status, answer.json.errors]).toEqual([422, [{ pointer, detail }]]);
  expect(await list(http)).toEqual([]);
});

test('the activity has both ends with their reasons, and the log has the names', async () => {
  await using http = await startHttp();
  await pause(http, { actionId: 'charge-card', reason: 'ticket 4711' });
  await resume(http, { actionId: 'charge-card', reason: 'it is well again' });
  const { items } = (await http.call('GET', '/v1/activity', { key: CAROL_KEY })).json;
  expect(items).toMatchObject([
    { action: 'resume', by: 'operator:alice', reason: 'it is well again', outcome: 'done' },
    { action: 'pause', by: 'operator:alice', reason: 'ticket 4711', filter: { actionId: 'charge-card' } },
  ]);
  expect(http.logLines.filter(({ level }) => level === 'warn')).toMatchObject([
    { facts: { by: 'operator:alice', scope: 'action charge-card' }, message: 'an administrator paused sending' },
    { facts: { by: 'operator:alice', scope: 'action charge-card' }, message: 'an administrator resumed sending' },
  ]);
});

test('submissions are accepted up to the bounds of the queue while their action is paused', async () => {
  await using http = await startHttp({ queueCapacity: 2 });
  await running(http, { correlationId: 'sent' });
  await pause(http, { actionId: 'charge-card' });
  expect([(await http.submit()).status, (await http.submit()).status, (await http.submit()).status]).toEqual([
    202, 202, 503,
  ]);
  expect(await list(http)).toMatchObject([{ queued: 2 }]);
});
