// Periods in lists, bulk actions and reconciliations: one that ends before it begins is a mistake, and is named.

import { expect, test } from 'vitest';
import { visitor } from '../console/visitor.ts';
import { ALICE_KEY, startHttp } from '../harness.ts';

const FROM = '2026-02-01T12:00:00.000Z';
const TO = '2026-01-31T12:00:00.000Z';
const DETAIL = `must not be after to: from is ${FROM}, and to is ${TO}`;

test.for(['/v1/executions', '/v1/notifications', '/v1/activity'])('%s refuses it', async (path) => {
  await using http = await startHttp();
  const answer = await http.call('GET', `${path}?from=${FROM}&to=${TO}`, { key: ALICE_KEY });
  expect([answer.status, answer.json.errors]).toEqual([422, [{ pointer: '#/from', detail: DETAIL }]]);
  const same = await http.call('GET', `${path}?from=${FROM}&to=${FROM}`, { key: ALICE_KEY });
  expect(same.status).toBe(200);
});

test.for([
  '/v1/executions/cancel',
  '/v1/executions/poll',
  '/v1/executions/erase',
  '/v1/notifications/replay',
  '/v1/reconciliations',
])('%s refuses it, and changes nothing', async (path) => {
  await using http = await startHttp();
  const reason = path.endsWith('erase') ? { reason: 'a request' } : {};
  const body = { from: FROM, to: TO, ...reason };
  const answer = await http.call('POST', path, { key: ALICE_KEY, body });
  expect([answer.status, answer.json.errors]).toEqual([422, [{ pointer: '#/from', detail: DETAIL }]]);
});

test.for(['executions', 'notifications', 'activity'])('the page of %s names both', async (page) => {
  await using http = await startHttp();
  const { status, text } = await visitor(http).get(`/console/${page}?from=${FROM}&to=${TO}`);
  expect(status).toBe(422);
  expect(text).toMatch(/The period ends before it begins: it is from .*2026-02-01 12:00:00.* to .*2026-01-31 12:00:00/);
});

test('durations of which no execution can have both are named', async () => {
  await using http = await startHttp();
  const query = 'minDurationSeconds=9&maxDurationSeconds=1.5';
  const detail = 'must not be above maxDurationSeconds: it is 9, and maxDurationSeconds is 1.5';
  const answer = await http.call('GET', `/v1/executions?${query}`, { key: ALICE_KEY });
  expect([answer.status, answer.json.errors]).toEqual([422, [{ pointer: '#/minDurationSeconds', detail }]]);
  const page = await visitor(http).get(`/console/executions?${query}`);
  expect([page.status, page.text]).toEqual([422, expect.stringContaining(detail)]);
  const same = await http.call('GET', '/v1/executions?minDurationSeconds=2&maxDurationSeconds=2', { key: ALICE_KEY });
  expect(same.status).toBe(200);
});

test('a question about all that match names a time that is none', async () => {
  await using http = await startHttp();
  const { status, text } = await visitor(http).get('/console/all/erase?from=yesterday');
  expect([status, text]).toEqual([422, expect.stringContaining('<li>from is not a time. Write a date, 2026-01-31')]);
});

test('a wait that is longer than the period is named', async () => {
  await using http = await startHttp();
  const { status, text } = await visitor(http).get('/console/executions?waiting=1h&last=15min');
  expect(status).toBe(422);
  expect(text).toContain('waiting is longer than the time since the period began');
});
