// What probes and scrapers see.

import { expect, test } from 'vitest';
import { StoreUnavailable } from '../../src/store/port.ts';
import { startHttp } from './harness.ts';

test('the process is alive and ready, and says so to anyone', async () => {
  await using http = await startHttp();
  const live = await http.call('GET', '/livez', { key: null });
  expect([live.status, live.json]).toEqual([200, { live: true }]);
  const ready = await http.call('GET', '/readyz', { key: null });
  expect([ready.status, ready.json]).toEqual([200, { ready: true, notReady: [] }]);
});

test('what is not ready is listed', async () => {
  await using http = await startHttp({
    lifecycle: { ready: async () => [{ part: 'the database' }, { part: 'the sweeper' }] },
  });
  const answer = await http.call('GET', '/readyz', { key: null });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(answer.json).toMatchObject({ ready: false, notReady: ['the database', 'the sweeper'], status: 503 });
  expect((await http.call('GET', '/livez')).status).toBe(200);
});

test('what the database said is for operators: anyone else learns that it takes no writes', async () => {
  const words = 'StoreUnavailable: the database does not take writes: no space for role "receiver" on 10.0.0.7';
  await using http = await startHttp({
    lifecycle: { ready: async () => [{ part: 'the database takes no writes', words }] },
  });
  const answer = await http.call('GET', '/readyz', { key: null });
  expect([answer.status, answer.json.notReady]).toEqual([503, ['the database takes no writes']]);
  expect(answer.text).not.toMatch(/role|10\.0/);
});

test('while draining it is not ready, without asking further, and still alive', async () => {
  const ready = () => Promise.reject(new Error('not to be asked'));
  await using http = await startHttp({ lifecycle: { draining: () => true, ready } });
  const answer = await http.call('GET', '/readyz', { key: null });
  expect([answer.status, answer.json.notReady]).toEqual([503, ['draining']]);
  expect((await http.call('GET', '/livez')).status).toBe(200);
});

test('a readiness check that breaks means not ready; why is for the log', async () => {
  await using http = await startHttp({ lifecycle: { ready: () => Promise.reject(new Error('disk on fire')) } });
  const answer = await http.call('GET', '/readyz', { key: null });
  expect(answer.status).toBe(503);
  expect(answer.text).not.toContain('fire');
  expect(http.logLines).toContainEqual({
    level: 'error',
    facts: { requestId: answer.headers.get('x-request-id'), reason: 'Error: disk on fire' },
    message: 'the readiness check failed',
  });
});

test('a database that cannot be read is named as the reason, without what the server said', async () => {
  const failure = new StoreUnavailable('the database cannot be read: too many connections for role "receiver"');
  await using http = await startHttp({ lifecycle: { ready: async () => [], notices: () => Promise.reject(failure) } });
  const answer = await http.call('GET', '/readyz', { key: null });
  expect([answer.status, answer.json.notReady]).toEqual([503, ['the database cannot be read']]);
  expect(answer.text).not.toContain('role');
});
