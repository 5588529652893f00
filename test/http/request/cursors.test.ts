// A cursor continues the list that it comes from, in the order that this list has.

import { describe, expect, test } from 'vitest';
import { visitor } from '../console/visitor.ts';
import { ALICE_KEY, type Harness, startHttp } from '../harness.ts';

const LISTS = ['executions', 'notifications'] as const;
const ORDERS = ['newest', 'oldest'] as const;
const CASES = LISTS.flatMap((list) => ORDERS.map((sort) => [list, sort] as const));
const other = (sort: (typeof ORDERS)[number]) => (sort === 'newest' ? 'oldest' : 'newest');

/** Three executions that ended, each with a notification. */
async function startWithThree(): Promise<Harness> {
  const http = await startHttp();
  for (const correlationId of ['a', 'b', 'c']) {
    await http.submit({ correlationId, notifyUrl: 'https://hooks.example/executions' });
    await http.call('POST', `/v1/executions/${correlationId}/cancel`);
    await http.world.advance(1_000);
  }
  return http;
}

const encoded = (text: string) => Buffer.from(text).toString('base64url');

describe.for(CASES)('of %s, %s first', ([list, sort]) => {
  const read = (http: Harness, query: string) => http.call('GET', `/v1/${list}?${query}`, { key: ALICE_KEY });
  const ids = ({ json }: { json: { items: { correlationId: string }[] } }) =>
    json.items.map(({ correlationId }) => correlationId);
  const all = sort === 'newest' ? ['c', 'b', 'a'] : ['a', 'b', 'c'];

  test('it leads through all pages, and the other order refuses it with the remedy', async () => {
    await using http = await startWithThree();
    const first = await read(http, `sort=${sort}&limit=2`);
    const next = `limit=2&cursor=${first.json.nextCursor}`;
    expect([...ids(first), ...ids(await read(http, `sort=${sort}&${next}`))]).toEqual(all);
    const refused = await read(http, `sort=${other(sort)}&${next}`);
    expect(refused.status).toBe(422);
    const detail = `is of a list with sort=${sort}, and not of this one with sort=${other(sort)}: send sort=${sort}, or begin without a cursor`;
    expect(refused.json.errors).toEqual([{ pointer: '#/cursor', detail }]);
    const unsorted = await read(http, next);
    expect(unsorted.status).toBe(sort === 'newest' ? 200 : 422);
  });

  test('one of an earlier version, which states no order, continues in the order of the query', async () => {
    await using http = await startWithThree();
    const [, middle] = (await http.store.list({ app: null, limit: 3 })).items;
    const [, letter] = (await http.store.listNotifications({ app: null, limit: 3 })).items;
    const { reference } = middle as { reference: string };
    const page = await http.store.listNotifications({ app: null, limit: 2 });
    expect(letter?.correlationId).toBe('b');
    const earlier = encoded(list === 'executions' ? reference : String(page.next));
    expect(ids(await read(http, `sort=${sort}&cursor=${earlier}`))).toEqual([all[2]]);
  });

  test('the page of operators refuses one of the other order, and follows its own', async () => {
    await using http = await startWithThree();
    const { get } = visitor(http);
    const { text } = await get(`/console/${list}?sort=${sort}&limit=2`);
    const cursor = /cursor=([\w-]+)"[^>]* rel="next"/.exec(text)?.[1] ?? '';
    const own = await get(`/console/${list}?sort=${sort}&limit=2&cursor=${cursor}`);
    expect(own.text).toContain(`/console/executions/${all[2]}`);
    const refused = await get(`/console/${list}?sort=${other(sort)}&limit=2&cursor=${cursor}`);
    expect(refused.status).toBe(422);
    expect(refused.text).toContain(`send sort=${sort}, or begin without a cursor`);
  });
});

test('a cursor with an order that no list has is refused', async () => {
  await using http = await startWithThree();
  const { reference } = (await http.store.list({ app: null, limit: 3 })).items[1] as { reference: string };
  for (const text of [`fastest:${reference}`, `:${reference}`, `newest:newest:${reference}`, `newest:`]) {
    expect((await http.call('GET', `/v1/executions?cursor=${encoded(text)}`)).status).toBe(422);
  }
});
