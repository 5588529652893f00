// Access to the secrets that sign notifications.

import { expect, test } from 'vitest';
import { ALICE_KEY, BILLING_KEY, startHttp } from '../harness.ts';

const PATH = '/v1/notifications/secrets';

test('an app gets its own secrets, which no cache keeps', async () => {
  await using http = await startHttp({ notificationSecrets: (app) => [`whsec_new-of-${app}`, `whsec_old-of-${app}`] });
  const { status, headers, json } = await http.call('GET', PATH);
  expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(json).toEqual({ secrets: ['whsec_new-of-orders', 'whsec_old-of-orders'] });
  expect((await http.call('GET', PATH, { key: BILLING_KEY })).json.secrets[0]).toBe('whsec_new-of-billing');
});

test('an operator and a request without a key get none; nothing is logged', async () => {
  await using http = await startHttp();
  const operator = await http.call('GET', PATH, { key: ALICE_KEY });
  expect([operator.status, operator.json.detail]).toEqual([403, expect.stringContaining('use the key of an app')]);
  expect((await http.call('GET', PATH, { key: null })).status).toBe(401);
  await http.call('GET', PATH);
  expect(JSON.stringify(http.logLines)).not.toContain('whsec_');
});

test('other methods are refused', async () => {
  await using http = await startHttp();
  const { status, headers } = await http.call('POST', PATH);
  expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
});

test('a notifyUrl that this app may not use is refused with the text of the rule, and nothing is accepted', async () => {
  const asked: string[][] = [];
  const check = (...question: [string, string]) => {
    asked.push(question);
    return 'has an origin that is not allowed for this app';
  };
  await using http = await startHttp({ submissions: { notifyRules: { check } } });
  const { status, json } = await http.submit({ correlationId: 'a', notifyUrl: 'https://hooks.example/' });
  expect([status, json.errors]).toEqual([
    422,
    [{ pointer: '#/notifyUrl', detail: 'has an origin that is not allowed for this app' }],
  ]);
  expect(asked).toEqual([['orders', 'https://hooks.example/']]);
  expect(await http.store.find('a')).toBeUndefined();
  expect((await http.submit()).status).toBe(202);
});
