// Members named in SENSITIVE_FIELDS: a reader sees none of their values, and no search, count or cursor gives them away.

import { expect, onTestFinished, test } from 'vitest';
import { LargeJson } from '../../../src/execution/json.ts';
import { HIDDEN } from '../../../src/execution/masking.ts';
import { callback, completed } from '../../support/executions.ts';
import { follow } from '../../support/sse.ts';
import { visitor } from '../console/visitor.ts';
import { ALICE_KEY, CAROL_KEY, dispatchAll, type Harness, ORDERS_KEY, startHttp } from '../harness.ts';

const NAMES = ['cvv', 'cardNumber', 'straße'];

/** Executions with hidden values in inputs, result, conflict, error and late result; and one without any. */
async function startWithSecrets(): Promise<Harness> {
  const http = await startHttp({ pages: { sensitiveFields: NAMES } });
  const record = async (id: string, event: Parameters<typeof http.store.record>[1]) => {
    const { reference = '' } = (await http.store.find(id)) ?? {};
    await http.store.record(reference, event, http.world.now());
  };
  await http.submit({ correlationId: 'by-inputs', inputs: { buyer: { CVV: 731, name: 'Ann' }, straße: 'Öffnung' } });
  await http.submit({ correlationId: 'by-result' });
  await http.submit({ correlationId: 'by-late-result' });
  await http.submit({ correlationId: 'plain', inputs: { amount: 731 } });
  await dispatchAll(http);
  await record('by-result', callback(completed({ cardNumber: '4111731', text: '{"cvv":"731"}' })));
  await record('by-result', callback(completed({ cardNumber: '9999731' })));
  await record('by-late-result', { type: 'cancelled', by: 'app:orders' });
  await record('by-late-result', callback(completed([{ cvv: { digits: [731] } }])));
  return http;
}

const found = (answer: { json: { items: { correlationId: string }[] } }) =>
  answer.json.items.map(({ correlationId }) => correlationId);

test.each(['731', '"cvv":"731', 'CVV":731', '4111', 'Öffnung', 'öff'])(
  'a reader who searches for %j finds no execution by a hidden value',
  async (text) => {
    await using http = await startWithSecrets();
    const path = `/v1/executions?text=${encodeURIComponent(text)}`;
    const answer = await http.call('GET', path, { key: CAROL_KEY });
    expect(answer.json).toMatchObject({ nextCursor: null });
    expect(found(answer).filter((id) => id !== 'plain')).toEqual([]);
    for (const who of ['alice', 'carol'] as const) {
      const page = await visitor(http, who).get(`/console/executions?text=${encodeURIComponent(text)}`);
      expect(page.text).not.toContain('/console/executions/by-');
    }
    const confirmation = await visitor(http).get(`/console/all/cancel?text=${encodeURIComponent(text)}`);
    expect(confirmation.text).toContain(`${found(answer).length} execution${found(answer).length === 1 ? '' : 's'} of`);
  },
);

test('a search finds what the viewer sees: names and other values for a reader, all of its data for the app', async () => {
  await using http = await startWithSecrets();
  const search = async (key: string, text: string) =>
    found(await http.call('GET', `/v1/executions?text=${encodeURIComponent(text)}`, { key })).sort();
  expect(await search(CAROL_KEY, 'ann')).toEqual(['by-inputs']);
  expect(await search(CAROL_KEY, '"amount":731')).toEqual(['plain']);
  expect(await search(CAROL_KEY, 'cardNumber')).toEqual(['by-result']);
  for (const key of [ORDERS_KEY, ALICE_KEY]) {
    expect(await search(key, '731')).toEqual(['by-inputs', 'by-late-result', 'by-result', 'plain']);
    expect(await search(key, 'öffnung')).toEqual(['by-inputs']);
  }
});

test('a reader gets no hidden value from the execution, the list, the audit trail with its conflicts, or a stream', async () => {
  await using http = await startWithSecrets();
  for (const id of ['by-inputs', 'by-result', 'by-late-result']) {
    for (const path of [`/v1/executions/${id}`, '/v1/executions', `/v1/executions/${id}/audit`]) {
      const reader = await http.call('GET', path, { key: CAROL_KEY });
      expect(reader.status).toBe(200);
      expect(reader.text).not.toMatch(/4111|9999|"digits|Öffnung/);
    }
  }
  const { json } = await http.call('GET', '/v1/executions/by-result', { key: CAROL_KEY });
  expect(json.result).toEqual({ cardNumber: HIDDEN, text: HIDDEN });
  const late = await http.call('GET', '/v1/executions/by-late-result', { key: CAROL_KEY });
  expect(late.json.lateResult.result).toEqual([{ cvv: HIDDEN }]);
  const trail = await http.call('GET', '/v1/executions/by-result/audit', { key: CAROL_KEY });
  expect(trail.text).toContain('CALLBACK_CONFLICT');

  const stream = await follow(`${http.url}/v1/executions/by-result/events`, CAROL_KEY);
  onTestFinished(stream.close);
  await stream.until(() => stream.events.some(({ event }) => event === 'CALLBACK_CONFLICT'));
  expect(JSON.stringify(stream.events)).not.toMatch(/4111|9999/);
});

test('the page shows an excerpt of a large result without its hidden values', async () => {
  await using http = await startHttp({ pages: { sensitiveFields: NAMES } });
  for (const id of ['result', 'late']) await http.submit({ correlationId: id });
  await dispatchAll(http);
  const large = completed(LargeJson.from(JSON.stringify({ cvv: '731945', list: Array(30_000).fill('7') })));
  const record = async (id: string, event: Parameters<typeof http.store.record>[1]) => {
    const { reference = '' } = (await http.store.find(id)) ?? {};
    await http.store.record(reference, event, http.world.now());
  };
  await record('result', callback(large));
  await record('late', { type: 'cancelled', by: 'app:orders' });
  await record('late', callback(large));
  for (const id of ['result', 'late']) {
    const page = await visitor(http, 'carol').get(`/console/executions/${id}`);
    expect(page.text).toContain(HIDDEN);
    expect(page.text).toMatch(/Cut after 50000 of 12\d{4} characters/);
    expect(page.text).toContain('Administrators can reveal them');
    expect(page.text).not.toContain('731945');
  }
});

test('the app gets its own values unchanged', async () => {
  await using http = await startWithSecrets();
  const { json } = await http.call('GET', '/v1/executions/by-result');
  expect(json.result).toEqual({ cardNumber: '4111731', text: '{"cvv":"731"}' });
});
