// Submissions that come again after their executions have ended with long results: one response has room for some of them.

import { expect, test, vi } from 'vitest';
import { LargeJson } from '../../../src/execution/json.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { callback, completed } from '../../support/executions.ts';
import { dispatchAll, type Harness, startHttp } from '../harness.ts';
import { item, ROOM, send, statuses } from './batching.ts';

const LONG = JSON.stringify('x'.repeat(600_000));
const LONGER = JSON.stringify('y'.repeat(2_000_000));

async function ended(http: Harness, n: number, result: string, more: object = {}): Promise<void> {
  const { status } = await http.call('POST', '/v1/executions', { body: item(n), ...more });
  expect(status).toBe(202);
  await dispatchAll(http);
  const { reference = '' } = (await http.store.find(`n${n}`)) ?? {};
  await http.store.record(reference, callback(completed(LargeJson.from(result))), http.world.now());
}

test('results of a batch that was submitted before have a megabyte of room, and are left out beyond it', async () => {
  await using http = await startHttp(ROOM);
  for (const n of [0, 1, 2]) await ended(http, n, LONG);
  await ended(http, 3, '{"paid":true}');
  const answer = await send(http, [item(0), item(1), item(9), item(3), item(2), item(0)]);
  expect([answer.status, statuses(answer)]).toEqual([200, [200, 200, 202, 200, 200, 200]]);
  expect(answer.json).toMatchObject({ accepted: 6, refused: 0 });
  const { items } = answer.json;
  const leftOut = items.map(({ resultLeftOut = false }: { resultLeftOut?: boolean }) => resultLeftOut);
  expect(leftOut).toEqual([true, false, false, false, true, true]);
  expect(items[1].execution.result).toHaveLength(600_000);
  expect(items[3].execution.result).toEqual({ paid: true });
  for (const n of [0, 4, 5])
    expect(items[n].execution).toMatchObject({ status: 'COMPLETED', result: null, error: null });
  expect((await http.call('GET', '/v1/executions/n0')).json.result).toHaveLength(600_000);
});

test('the first result has room whatever its size, and one that was pruned meanwhile counts as left out', async () => {
  await using http = await startHttp(ROOM);
  await ended(http, 0, LONGER);
  const { items } = (await send(http, [item(0), item(0)])).json;
  expect(items[0].execution.result).toHaveLength(2_000_000);
  expect(items[1]).toMatchObject({ resultLeftOut: true, execution: { status: 'COMPLETED', result: null } });
  vi.spyOn(http.store, 'list').mockResolvedValue({ items: [], next: null });
  expect((await send(http, [item(0)])).json.items[0]).toMatchObject({ resultLeftOut: true });
});

test('results that cannot be read are left out, since other items were accepted', async () => {
  await using http = await startHttp(ROOM);
  await ended(http, 0, '{"paid":true}');
  vi.spyOn(http.store, 'list').mockRejectedValue(new StoreUnavailable('the database cannot be read'));
  const answer = await send(http, [item(0), { actionId: 'charge-card' }]);
  expect([answer.status, statuses(answer)]).toEqual([200, [200, 202]]);
  expect(answer.json.items[0]).toMatchObject({ resultLeftOut: true, execution: { status: 'COMPLETED', result: null } });
  expect(http.logLines.map(({ message }) => message)).toContain('the results of a batch could not be read');
});

test('under an Idempotency-Key the first response comes again without a look at results', async () => {
  await using http = await startHttp(ROOM);
  const first = await send(http, [item(0)], { key: 'k' });
  await dispatchAll(http);
  const { reference = '' } = (await http.store.find('n0')) ?? {};
  await http.store.record(reference, callback(completed(LargeJson.from(LONGER))), http.world.now());
  const listed = vi.spyOn(http.store, 'list');
  const again = await send(http, [item(0)], { key: 'k' });
  expect([again.status, again.text]).toEqual([200, first.text]);
  expect(listed).not.toHaveBeenCalled();
});

test('a submission that comes again alone gets its long result, written by the thread that writes lists', async () => {
  await using http = await startHttp(ROOM);
  await ended(http, 0, LONGER);
  const written = vi.spyOn(http.store, 'listJson');
  for (const prefer of [undefined, 'wait=5']) {
    const headers = prefer === undefined ? {} : { prefer };
    const again = await http.call('POST', '/v1/executions', { body: item(0), headers });
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(again.json.result).toHaveLength(2_000_000);
  }
  expect(written).toHaveBeenCalledTimes(2);
  written.mockResolvedValue({ items: Buffer.from('[]'), next: null });
  const gone = await http.call('POST', '/v1/executions', { body: item(0) });
  expect([gone.status, gone.json]).toMatchObject([200, { correlationId: 'n0', status: 'QUEUED', result: null }]);
});
