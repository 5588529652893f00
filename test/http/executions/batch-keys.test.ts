// Idempotency-Key on a batch: sent again, the whole is answered again and nothing of it runs twice.

import { expect, test } from 'vitest';
import { dispatchAll, startHttp } from '../harness.ts';
import { item, PROBLEM, ROOM, send, statuses, stored } from './batching.ts';

const BATCH = [item(0), { actionId: 'a' }, {}, { actionId: 'b', inputs: { x: 1, y: 2 } }];

test('the same batch again is answered as it was first, whatever happened since, and nothing runs twice', async () => {
  await using http = await startHttp(ROOM);
  const first = await send(http, BATCH, { key: '"batch-1"' });
  expect(statuses(first)).toEqual([202, 202, 422, 202]);
  await dispatchAll(http);
  await http.call('POST', await http.callbackPath('n0'), { body: { status: 'COMPLETED' } });
  const reordered = [...BATCH.slice(0, 3), { inputs: { y: 2, x: 1 }, actionId: 'b', timeoutSeconds: 30 }];
  for (const again of [await send(http, BATCH, { key: 'batch-1' }), await send(http, reordered, { key: 'batch-1' })]) {
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  }
  expect(first.headers.get('idempotent-replayed')).toBeNull();
  expect(await stored(http)).toBe(3);
});

test('an atomic batch again is answered as it was first', async () => {
  await using http = await startHttp(ROOM);
  const batch = [{ actionId: 'a' }, { actionId: 'a' }];
  const first = await send(http, batch, { key: 'batch-1', atomic: true });
  const again = await send(http, batch, { key: 'batch-1', atomic: true });
  expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([200, first.text, 'true']);
  expect(await stored(http)).toBe(2);
});

test('the same batch many times at once runs once', async () => {
  await using http = await startHttp(ROOM);
  const answers = await Promise.all(Array.from({ length: 10 }, () => send(http, BATCH, { key: 'batch-1' })));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
  expect(await stored(http)).toBe(3);
});

test.for([
  ['one more', [...BATCH, item(9)]],
  ['one less', BATCH.slice(0, 3)],
  ['the first alone, which was accepted', BATCH.slice(0, 1)],
  ['the bad one put right', [...BATCH.slice(0, 2), { actionId: 'c' }, ...BATCH.slice(3)]],
  ['another order', BATCH.toReversed()],
  ['another value', [...BATCH.slice(0, 3), { actionId: 'b', inputs: { x: 1, y: 3 } }]],
  ['nothing of the first', [item(7)]],
] as const)('another batch under the key is refused as a whole: %s', async ([, other]) => {
  await using http = await startHttp(ROOM);
  await send(http, BATCH, { key: 'batch-1' });
  const answer = await send(http, other, { key: 'batch-1' });
  expect([answer.status, answer.json.type]).toEqual([422, `${PROBLEM}idempotency-key-reused`]);
  expect((await send(http, BATCH, { key: 'batch-1', atomic: true })).status).toBe(422);
  expect(await stored(http)).toBe(3);
});

test('one key is for one request: a batch cannot have the key of a submission, nor the other way round', async () => {
  await using http = await startHttp(ROOM);
  const headers = { 'idempotency-key': 'key' };
  await http.call('POST', '/v1/executions', { headers, body: item(0) });
  expect((await send(http, [item(0)], { key: 'key' })).status).toBe(422);
  await send(http, [item(1)], { key: 'other' });
  const single = { headers: { 'idempotency-key': 'other' }, body: item(1) };
  expect((await http.call('POST', '/v1/executions', single)).status).toBe(422);
  expect(await stored(http)).toBe(2);
});

test('an item of a batch is also found by its correlationId', async () => {
  await using http = await startHttp(ROOM);
  await send(http, [item(0), item(1)], { key: 'batch-1' });
  expect((await http.submit(item(1))).status).toBe(200);
  expect(statuses(await send(http, [item(1), item(0)], { key: 'batch-2' }))).toEqual([200, 200]);
  expect(await stored(http)).toBe(2);
});

test('what found no room at first is tried again by the same batch, and what was accepted is not sent twice', async () => {
  await using http = await startHttp({ queueCapacity: 2 });
  const batch = [{ actionId: 'a' }, { actionId: 'b' }, { actionId: 'c' }];
  const first = await send(http, batch, { key: 'batch-1' });
  expect(statuses(first)).toEqual([202, 202, 503]);
  const full = await send(http, batch, { key: 'batch-1' });
  expect([full.text, full.headers.get('idempotent-replayed')]).toEqual([first.text, 'true']);
  await dispatchAll(http);
  const rest = await send(http, batch, { key: 'batch-1' });
  expect([statuses(rest), rest.headers.get('idempotent-replayed')]).toEqual([[202, 202, 202], null]);
  expect(rest.json.items.slice(0, 2)).toEqual(first.json.items.slice(0, 2));
  const again = await send(http, batch, { key: 'batch-1' });
  expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([rest.text, 'true']);
  expect(await stored(http)).toBe(3);
});
