// Kept bodies are read again after a correction of the profile: as events, audited, and without a second outcome.

import { expect, test } from 'vitest';
import { parseCallback, parsePollResponse, scanCallback } from '../../src/cxone/parse-response.ts';
import { parseProfile } from '../../src/cxone/profile/profile.ts';
import builtin from '../../src/cxone/profiles/cxone.json' with { type: 'json' };
import { createCallbackReceiver } from '../../src/usecases/receive-callback.ts';
import { ALICE_KEY, CAROL_KEY, dispatchAll, type Harness, ORDERS_KEY, startHttp } from '../http/harness.ts';
import { NO_LARGE_BODIES } from '../support/fake-cxone.ts';

function receiverWith(http: Harness, callback: object) {
  const profile = parseProfile({ ...builtin, callback: { ...builtin.callback, ...callback } });
  return createCallbackReceiver(
    http.store,
    {
      parseCallback: (...body) => parseCallback(profile, ...body),
      parseResponse: async (_, body) => parsePollResponse(profile, body),
      largeBodies: NO_LARGE_BODIES,
      scanCallback: () => scanCallback(profile, 10_485_760),
    },
    http.world,
  );
}

async function withOne() {
  const http = await startHttp();
  await http.submit({ correlationId: 'one' });
  await dispatchAll(http);
  const find = async () => {
    const execution = await http.store.find('one');
    if (execution === undefined) throw new Error('it is gone');
    return execution;
  };
  const { reference } = await find();
  const send = (callback: object, body: string) =>
    receiverWith(http, callback).callback(reference, Buffer.from(body), null);
  const reread = async (callback: object) => receiverWith(http, callback).reread(await find(), 'operator:alice');
  return { http, find, send, reread, [Symbol.asyncDispose]: http[Symbol.asyncDispose] };
}

const WRAPPED = JSON.stringify({ Message: JSON.stringify({ status: 'COMPLETED', result: { paid: true } }) });

test('an unreadable callback ends an open execution once the profile reads it, and once only', async () => {
  await using one = await withOne();
  await one.send({}, WRAPPED);
  expect((await one.find()).status).toBe('PENDING');
  expect((await one.reread({})).map(({ outcome }) => outcome)).toEqual(['unreadable']);
  const [reread] = await one.reread({ document: '/Message' });
  expect(reread).toMatchObject({ outcome: 'resolved', reason: null });
  expect(await one.find()).toMatchObject({ status: 'COMPLETED', result: { paid: true }, resolvedBy: 'callback' });
  expect((await one.http.store.trail('one')).at(-1)).toMatchObject({
    event: 'CALLBACK_COMPLETED',
    detail: { reread: reread?.auditId, by: 'operator:alice' },
  });
  expect((await one.reread({ document: '/Message' })).map(({ outcome }) => outcome)).toEqual(['duplicate']);
});

test('a result after a time-out is kept as the late result', async () => {
  await using one = await withOne();
  await one.send({}, WRAPPED);
  await one.http.call('POST', '/v1/executions/one/cancel');
  expect(await one.reread({ document: '/Message' })).toMatchObject([{ outcome: 'late' }]);
  expect(await one.find()).toMatchObject({ status: 'CANCELLED', lateResult: { result: { paid: true } } });
});

test('a result that the first reading missed is kept as the late result', async () => {
  await using one = await withOne();
  await one.send({}, '{"status":"COMPLETED","output":{"x":1}}');
  expect(await one.find()).toMatchObject({ status: 'COMPLETED', result: null });
  expect(await one.reread({})).toMatchObject([{ outcome: 'duplicate' }]);
  expect(await one.reread({ result: '/output' })).toMatchObject([{ outcome: 'late' }]);
  expect(await one.find()).toMatchObject({ status: 'COMPLETED', result: null, lateResult: { result: { x: 1 } } });
  expect(await one.reread({ result: '/output' })).toMatchObject([{ outcome: 'duplicate' }]);
});

test('administrators have bodies read again; readers and apps do not', async () => {
  await using one = await withOne();
  await one.send({}, WRAPPED);
  const path = '/v1/executions/one/reread';
  expect((await one.http.call('POST', path, { key: ALICE_KEY })).json).toMatchObject({
    items: [{ outcome: 'unreadable', reason: 'no status in it' }],
    execution: { correlationId: 'one', status: 'PENDING' },
  });
  expect((await one.http.store.trail('one')).at(-1)?.detail).toMatchObject({ by: 'operator:alice' });
  expect((await one.http.call('POST', path, { key: CAROL_KEY })).status).toBe(403);
  expect((await one.http.call('POST', path, { key: ORDERS_KEY })).status).toBe(403);
});
