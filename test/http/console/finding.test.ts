// Finding executions and notifications: filters with suggestions, periods, views, order, errors and totals.

import { expect, test, vi } from 'vitest';
import { callback, completed, failed } from '../../support/executions.ts';
import { ALICE_KEY, type Harness, startHttp } from '../harness.ts';
import { running, visitor } from './visitor.ts';

const ROUND = { signal: new AbortController().signal, spawn: () => {} };

/** Executions that ended after these numbers of seconds. */
async function ended(http: Harness, seconds: { readonly [correlationId: string]: number }): Promise<void> {
  for (const correlationId of Object.keys(seconds)) await running(http, { correlationId });
  const begun = http.world.now();
  for (const [correlationId, after] of Object.entries(seconds)) {
    const { reference = '' } = (await http.store.find(correlationId)) ?? {};
    await http.store.record(reference, callback(completed()), begun + after * 1000);
  }
}

async function idsAt(http: Harness, query: string): Promise<string[]> {
  const { text } = await visitor(http).get(`/console/executions?${query}`);
  return [...text.matchAll(/<th scope="row"><a href="\/console\/executions\/([\w-]+)"/g)].map(([, id = '']) => id);
}

test('executions are found by the way their outcome became known, their duration and their error', async () => {
  await using http = await startHttp({ queueCapacity: 20 });
  await ended(http, { fast: 1, slow: 90 });
  await running(http, { correlationId: 'broken' });
  const { reference = '' } = (await http.store.find('broken')) ?? {};
  await http.store.record(reference, callback(failed({ code: 'E-77', message: 'card declined' })), http.world.now());
  await running(http, { correlationId: 'open' });
  await http.call('POST', '/v1/executions/open/cancel');
  expect(await idsAt(http, 'resolvedBy=cancel')).toEqual(['open']);
  expect(await idsAt(http, 'minDurationSeconds=90')).toEqual(['slow']);
  expect(await idsAt(http, 'minDurationSeconds=0.5&maxDurationSeconds=89.999')).toEqual(['fast']);
  expect(await idsAt(http, 'error=DECLINED')).toEqual(['broken']);
  const { text } = await visitor(http).get('/console/executions?status=FAILED');
  expect(text).toContain('<td data-name="Error">E-77: card declined</td>');
});

test('the API has the same filters and the order, and names what is wrong with them', async () => {
  await using http = await startHttp({ queueCapacity: 20 });
  await ended(http, { one: 1, two: 2, three: 3 });
  const list = async (query: string) => http.call('GET', `/v1/executions?${query}`, { key: ALICE_KEY });
  const oldest = await list('sort=oldest&limit=2');
  expect(oldest.json.items.map((one: { correlationId: string }) => one.correlationId)).toEqual(['one', 'two']);
  const next = await list(`sort=oldest&limit=2&cursor=${oldest.json.nextCursor}`);
  expect(next.json.items.map((one: { correlationId: string }) => one.correlationId)).toEqual(['three']);
  expect((await list('minDurationSeconds=2&maxDurationSeconds=2')).json.items).toHaveLength(1);
  const { status, json } = await list('minDurationSeconds=2s&resolvedBy=luck&sort=fastest');
  expect(status).toBe(422);
  expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
    '#/minDurationSeconds',
    '#/resolvedBy',
    '#/sort',
  ]);
});

test('a member that is hidden is neither shown in the error column nor found in errors', async () => {
  await using http = await startHttp({ pages: { sensitiveFields: ['cardNumber'] } });
  await running(http, { correlationId: 'one' });
  const { reference = '' } = (await http.store.find('one')) ?? {};
  await http.store.record(reference, callback(failed({ cardNumber: '4111', note: 'declined' })), http.world.now());
  expect((await visitor(http).get('/console/executions')).text).not.toContain('4111');
  expect(await idsAt(http, 'error=4111')).toEqual([]);
  expect(await idsAt(http, 'error=declined')).toEqual(['one']);
});

test('a period ends now, whenever its address is opened, and its neighbours are a click away', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  expect(await idsAt(http, 'last=15min')).toEqual(['one']);
  await http.world.advance(16 * 60_000);
  expect(await idsAt(http, 'last=15min')).toEqual([]);
  expect(await idsAt(http, 'last=1h')).toEqual(['one']);
  const { text } = await visitor(http).get('/console/executions?last=15min');
  expect(text).toMatch(/<a href="\/console\/executions\?last=15min" aria-current="true">Last 15 min<\/a>/);
  const [, earlier = ''] = /<a href="\/console\/executions\?([^"]+)">Earlier<\/a>/.exec(text) ?? [];
  expect(await idsAt(http, earlier.replaceAll('&amp;', '&'))).toEqual(['one']);
});

test('actions on all of a period are about the period that the page shows', async () => {
  await using http = await startHttp();
  const { text } = await visitor(http).get('/console/executions?last=15min&status=OPEN');
  expect(text).toContain('<input type="hidden" name="from" value="2025-12-31T23:45:00.000Z">');
  expect(text).not.toContain('<input type="hidden" name="last"');
});

test('open executions are found by how long they have been waiting', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'old' });
  await http.world.advance(60_000);
  await running(http, { correlationId: 'new' });
  expect(await idsAt(http, 'waiting=1min')).toEqual(['old']);
  expect(await idsAt(http, 'waiting=1min&status=QUEUED')).toEqual([]);
  const { status, text } = await visitor(http).get('/console/executions?waiting=1min&status=FAILED');
  expect(status).toBe(422);
  expect(text).toContain('waiting is for open executions: choose an open status, or none');
});

test.for([
  ['/console/executions?last=2h', 'last must be one of 5min, 15min, 1h, 6h, 24h, 7d'],
  ['/console/executions?waiting=2h', 'waiting must be one of 10s, 1min, 5min, 15min, 1h'],
  ['/console/notifications?waiting=1min', 'waiting is unknown here; leave it out'],
  ['/console/executions?minDurationSeconds=soon', 'minDurationSeconds must be a number of seconds'],
] as const)('%s is refused with what is allowed', async ([path, detail]) => {
  await using http = await startHttp();
  const { status, text } = await visitor(http).get(path);
  expect([status, text.includes(detail)]).toEqual([422, true]);
});

test('apps, actions and endpoints are suggested with their numbers', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one', actionId: 'look-up', notifyUrl: 'https://hooks.example/x' });
  const { reference = '' } = (await http.store.find('one')) ?? {};
  await http.store.record(reference, callback(completed()), http.world.now());
  await http.suggestions.work(ROUND);
  const { text } = await visitor(http).get('/console/executions');
  const counted = '1 execution in 24 hours, as of 00:00 UTC';
  expect(text).toContain(`<option value="look-up" label="${counted}"></option>`);
  expect(text).toContain(`<option value="orders" label="${counted}"></option>`);
  const { text: notifications } = await visitor(http).get(
    '/console/notifications?endpoint=https%3A%2F%2Fhooks.example',
  );
  expect(notifications).toContain(
    '<option value="https://hooks.example" label="1 of the newest 1, as of 00:00 UTC"></option>',
  );
  expect(notifications).toContain('execution.<wbr>completed</td>');
  expect((await visitor(http).get('/console/notifications?endpoint=https%3A%2F%2Fother.example')).text).toContain(
    'No notification matches.',
  );
});

test('a look does not wait for suggestions: it gets the last ones, and before the first ones the apps', async () => {
  await using http = await startHttp();
  const page = async () => (await visitor(http).get('/console/executions')).text;
  expect(await page()).toContain('<option value="orders" label=""></option>');
  await running(http, { correlationId: 'one', actionId: 'look-up' });
  await http.suggestions.work(ROUND);
  const answered = Promise.withResolvers<void>();
  const { submitted } = http.store;
  const reads = vi.spyOn(http.store, 'submitted').mockImplementation(async (range) => {
    await answered.promise;
    return submitted(range);
  });
  await running(http, { correlationId: 'two', actionId: 'look-up' });
  await http.world.advance(60_000);
  const refreshed = http.suggestions.work(ROUND);
  expect(await page()).toContain('<option value="look-up" label="1 execution in 24 hours, as of 00:00 UTC"></option>');
  expect(reads).toHaveBeenCalledTimes(1);
  answered.resolve();
  expect(await refreshed).toBe(30_000);
  expect(await page()).toContain('<option value="look-up" label="2 executions in 24 hours, as of 00:01 UTC"></option>');
});

test('views are addresses with names, and each of them is a valid search', async () => {
  await using http = await startHttp();
  for (const path of ['/console/executions', '/console/notifications']) {
    const [, views = ''] =
      /<nav class="choice" aria-label="Views">(.*?)<\/nav>/s.exec((await visitor(http).get(path)).text) ?? [];
    const links = [...views.matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'));
    expect(links.length).toBeGreaterThan(1);
    for (const link of links) {
      const { status, text } = await visitor(http).get(link);
      expect([link, status]).toEqual([link, 200]);
      expect(text).toContain(`<a href="${link.replaceAll('&', '&amp;')}" aria-current="true">`);
    }
  }
});

test('the page states how many match', async () => {
  await using http = await startHttp();
  for (const correlationId of ['one', 'two', 'three']) await http.submit({ correlationId });
  expect((await visitor(http).get('/console/executions?limit=1')).text).toContain('3 executions in all');
  expect((await visitor(http).get('/console/executions?id=t')).text).toContain('2 executions in all');
});

test('a time is shown in its picker, and one that a picker cannot show stays as it was typed', async () => {
  await using http = await startHttp();
  const { text } = await visitor(http).get('/console/executions?from=2026-01-31T12:00Z&to=2026-01-31T12:00:00%2B09:00');
  expect(text).toContain('name="from" type="datetime-local" step="1" value="2026-01-31T12:00"');
  expect(text).toContain('name="to" value="2026-01-31T12:00:00+09:00"');
});
