// Invalid batches, and batches that are not accepted.

import { expect, test } from 'vitest';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { startHttp } from '../harness.ts';
import { item, items, PROBLEM, ROOM, send, statuses, stored } from './batching.ts';

const NOT_BATCHES: [name: string, body: unknown, pointers: string[], said: string][] = [
  ['no object', [], ['#'], 'JSON object'],
  ['no executions', {}, ['#/executions'], 'is required'],
  ['an object of executions', { executions: { a: 1 } }, ['#/executions'], '1 to 1000'],
  ['no items', { executions: [] }, ['#/executions'], '1 to 1000 submissions; these are 0'],
  ['1,001 items', { executions: items(1001) }, ['#/executions'], '1 to 1000 submissions; these are 1001'],
  ['atomic as text', { executions: [item(0)], atomic: 'yes' }, ['#/atomic'], 'true or false'],
  ['unknown fields', { executions: [item(0)], atomc: 1, wait: 5 }, ['#/atomc', '#/wait'], 'unknown'],
  ['everything at once', { executions: 5, atomic: 1, x: 1 }, ['#/executions', '#/atomic', '#/x'], '1 to 1000'],
];

test.for(NOT_BATCHES)('%s is a 422 that points at it', async ([, body, pointers, said]) => {
  await using http = await startHttp(ROOM);
  const answer = await http.call('POST', '/v1/executions/batch', { body });
  expect([answer.status, answer.json.type]).toEqual([422, `${PROBLEM}invalid-input`]);
  expect(answer.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
  expect(answer.json.errors[0].detail).toContain(said);
  expect(await stored(http)).toBe(0);
});

test('a body of 10 MiB is taken, a byte more is a 413; of its items none may be larger than alone', async () => {
  await using http = await startHttp(ROOM);
  const megabyte = item(0, { inputs: { x: 'x'.repeat(1024 * 1024 - 100) } });
  const tooLarge = item(1, { inputs: { x: 'x'.repeat(1024 * 1024) } });
  const executions = [megabyte, tooLarge, item(2)];
  const body = JSON.stringify({ executions }).padEnd(10 * 1024 * 1024);
  const answer = await http.call('POST', '/v1/executions/batch', { body });
  expect(statuses(answer)).toEqual([202, 413, 202]);
  expect(answer.json.items[1].problem).toMatchObject({
    type: `${PROBLEM}body-too-large`,
    errors: [{ pointer: '#/executions/1', detail: 'must have 1048576 bytes at most' }],
  });
  const over = await http.call('POST', '/v1/executions/batch', { body: `${body} ` });
  expect([over.status, over.json.detail]).toEqual([413, 'A body may have 10485760 bytes at most.']);
});

test('an item may be nested as deeply as alone', async () => {
  await using http = await startHttp(ROOM);
  const nested = (levels: number) => `{"actionId":"a","inputs":{"x":${'['.repeat(levels)}1${']'.repeat(levels)}}}`;
  const post = (one: string) => http.call('POST', '/v1/executions/batch', { body: `{"executions":[${one}]}` });
  expect(statuses(await post(nested(62)))).toEqual([202]);
  expect((await post(nested(63))).status).toBe(400);
});

test('400 and 415 as for one', async () => {
  await using http = await startHttp(ROOM);
  expect((await http.call('POST', '/v1/executions/batch', { body: '{"executions":[' })).status).toBe(400);
  const headers = { 'content-type': 'text/plain' };
  expect((await http.call('POST', '/v1/executions/batch', { headers, body: '{}' })).status).toBe(415);
});

test('503 while draining, and when the store cannot commit', async () => {
  let draining = false;
  const fail = () => Promise.reject(new StoreUnavailable('disk full'));
  await using http = await startHttp({
    lifecycle: { draining: () => draining },
    submissions: { submit: { one: fail, batch: fail, again: fail } },
  });
  for (const name of ['store-unavailable', 'draining']) {
    draining = name === 'draining';
    const answer = await send(http, items(2));
    expect([answer.status, answer.json.type]).toEqual([503, PROBLEM + name]);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  }
});
