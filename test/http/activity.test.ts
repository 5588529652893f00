// The activity of operators: who did what, and why, over the API and on the page.

import { expect, test } from 'vitest';
import { StoreUnavailable } from '../../src/store/port.ts';
import { running, visitor } from './console/visitor.ts';
import { ALICE_KEY, CAROL_KEY, type Harness, startHttp } from './harness.ts';

async function linesOf(http: Harness, query = '') {
  const answer = await http.call('GET', `/v1/activity${query}`, { key: CAROL_KEY });
  expect(answer.status).toBe(200);
  return answer.json.items as readonly { readonly [name: string]: unknown }[];
}

test('each action of an operator is one line with its reason, and what apps do is none', async () => {
  await using http = await startHttp({ queueCapacity: 20 });
  for (const correlationId of ['one', 'two', 'three']) await running(http, { correlationId });
  const body = { reason: 'ticket 4711' };
  expect((await http.call('POST', '/v1/executions/one/poll', { key: ALICE_KEY, body })).status).toBe(202);
  expect((await http.call('POST', '/v1/executions/one/cancel', { key: ALICE_KEY })).status).toBe(200);
  expect((await http.call('POST', '/v1/executions/two/cancel', { body: { reason: 3 } })).status).toBe(200);
  const cancelAll = { status: 'OPEN', reason: 'double orders', text: 'secret of a customer' };
  await http.call('POST', '/v1/executions/cancel', { key: ALICE_KEY, body: cancelAll });
  await http.call('POST', '/v1/executions/cancel', {
    key: ALICE_KEY,
    body: { status: 'OPEN', reason: 'double orders' },
  });
  const held = await http.call('POST', '/v1/executions/one/hold', { key: ALICE_KEY, body });
  expect(held.status).toBe(200);
  expect((await http.call('POST', '/v1/executions/one/erase', { key: ALICE_KEY, body })).status).toBe(409);
  expect(await linesOf(http)).toMatchObject([
    { by: 'operator:alice', action: 'erase', target: 'one', outcome: 'refused', reason: 'ticket 4711' },
    { action: 'hold', target: 'one', outcome: 'done', reason: 'ticket 4711' },
    { action: 'cancel', target: null, filter: { status: 'OPEN' }, reason: 'double orders', matched: 1, changed: 1 },
    { action: 'cancel', filter: { status: 'OPEN', text: '(hidden)' }, matched: 0, changed: 0 },
    { action: 'cancel', target: 'one', outcome: 'done', reason: null, filter: null, matched: null },
    { action: 'poll', target: 'one', outcome: 'done', reason: 'ticket 4711' },
  ]);
});

test('the list is filtered by operator, action and time, and read page by page', async () => {
  await using http = await startHttp({ queueCapacity: 20 });
  await running(http, { correlationId: 'one' });
  await http.call('POST', '/v1/executions/one/poll', { key: ALICE_KEY });
  await http.world.advance(60_000);
  const later = new Date(http.world.now()).toISOString();
  await http.call('POST', '/v1/executions/one/cancel', { key: ALICE_KEY });
  const actions = async (query: string) => (await linesOf(http, query)).map(({ action }) => action);
  expect(await actions('?by=alice')).toEqual(['cancel', 'poll']);
  expect(await actions('?by=operator:alice&action=poll')).toEqual(['poll']);
  expect(await actions('?by=carol')).toEqual([]);
  expect(await actions(`?from=${later}`)).toEqual(['cancel']);
  expect(await actions(`?to=${later}`)).toEqual(['poll']);
  const first = await http.call('GET', '/v1/activity?limit=1', { key: ALICE_KEY });
  expect(await actions(`?limit=1&cursor=${first.json.nextCursor}`)).toEqual(['poll']);
  expect((await http.call('GET', '/v1/activity?action=dance', { key: ALICE_KEY })).status).toBe(422);
  expect((await http.call('GET', '/v1/activity')).status).toBe(403);
});

test('nothing is done or shown that cannot be recorded first', async () => {
  const beginActivity = () => Promise.reject(new StoreUnavailable('the disk is full'));
  await using http = await startHttp({ store: { beginActivity } });
  await running(http, { correlationId: 'one' });
  expect((await http.call('POST', '/v1/executions/one/cancel', { key: ALICE_KEY })).status).toBe(503);
  expect((await http.store.find('one'))?.status).toBe('PENDING');
});

test('a bulk action leads to the list of what it was about, in whatever status that is now', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one', actionId: 'charge' });
  const body = { status: 'OPEN', actionId: 'charge', from: '2025-12-31T12:00:00Z' };
  expect((await http.call('POST', '/v1/executions/cancel', { key: ALICE_KEY, body })).json).toMatchObject({ done: 1 });
  const { text } = await visitor(http).get('/console/activity');
  expect(text).toContain('</a>: status OPEN, actionId charge, from 2025-12-31 12:00:00');
  const href = /<a href="([^"]+)">executions<\/a>/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const list = await visitor(http).get(href);
  expect([list.status, list.text.includes('/console/executions/one"')]).toEqual([200, true]);
});

test('a reveal is a line with the reason of its form, and the page shows who did what', async () => {
  await using http = await startHttp({ pages: { sensitiveFields: ['card'] } });
  await running(http, { correlationId: 'one', inputs: { card: '4111' } });
  const shown = await visitor(http).get('/console/executions/one');
  const token = /name="token" value="([^"]+)"/.exec(shown.text)?.[1] ?? '';
  const revealed = await visitor(http).post('/console/executions/one/reveal', {
    token,
    fields: { reason: 'ticket 12' },
  });
  expect(await revealed.text()).toContain('4111');
  await visitor(http).post('/console/executions/one/cancel', { fields: { reason: ' <b>why</b> ' } });
  const page = await visitor(http).get('/console/activity');
  expect(page.status).toBe(200);
  expect(page.text).toContain('had hidden values shown');
  expect(page.text).toContain('ticket 12');
  expect(page.text).toContain('&lt;b&gt;why&lt;/b&gt;');
  expect((await visitor(http).get('/console/activity?by=carol')).text).toContain('No activity matches.');
});
