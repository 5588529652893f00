// The cost of request bodies: bounded before they are parsed, in all and for each caller, and not read at all when refused.

import { request } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_RULES } from '../../../src/callbacks/checks.ts';
import { createBodies, createBodyBudget } from '../../../src/http/request/body-budget.ts';
import { createJsonMeter } from '../../../src/http/request/json-meter.ts';
import { head, ORDERS_KEY, startHttp, wire } from '../harness.ts';

const BATCH = '/v1/executions/batch';
const item = (inputs: string) => `{"actionId":"a","inputs":{"x":${inputs}}}`;
const ones = (count: number) => `[${Array(count).fill('1').join()}]`;

describe('values', () => {
  test('a submission with more values than MAX_BODY_VALUES is a 413, and one with as many is accepted', async () => {
    await using http = await startHttp({ bodies: { maxValues: 1000 } });
    const post = (body: string) => http.call('POST', '/v1/executions', { body });
    expect((await post(item(ones(990)))).status).toBe(202);
    const answer = await post(item(ones(1001)));
    expect([answer.status, answer.json.detail]).toEqual([
      413,
      'A body may have 1000 JSON values at most; see MAX_BODY_VALUES.',
    ]);
  });

  test('one item of a batch with millions of small values is refused before it has arrived whole', async () => {
    await using http = await startHttp();
    const raw = wire(http.port);
    const start = `{"executions":[${item('1')},{"actionId":"a","inputs":{"x":[${'1,'.repeat(60_000)}`;
    const authorization = `Bearer ${ORDERS_KEY}`;
    const framing = { authorization, 'content-type': 'application/json', 'content-length': '10000000' };
    raw.send(head('POST', BATCH, framing) + start);
    const answer = await raw.until(/MAX_BODY_VALUES/);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toContain('#/executions/1: a submission may have 50000 JSON values at most');
    raw.socket.destroy();
  });

  test('a batch may have ten times as many, spread over its items', async () => {
    await using http = await startHttp({ bodies: { maxValues: 100 }, queueCapacity: 100 });
    const post = (count: number) =>
      http.call('POST', BATCH, {
        body: `{"executions":[${Array(count)
          .fill(item(ones(80)))
          .join()}]}`,
      });
    expect((await post(10)).status).toBe(200);
    const answer = await post(20);
    expect([answer.status, answer.json.detail]).toEqual([
      413,
      'A body may have 1000 JSON values at most; see MAX_BODY_VALUES.',
    ]);
  });

  test('commas and brackets in texts do not count as values', async () => {
    await using http = await startHttp({ bodies: { maxValues: 1000 } });
    const text = JSON.stringify(`${'[{,}]'.repeat(2000)}"\\`);
    expect((await http.call('POST', '/v1/executions', { body: item(text) })).status).toBe(202);
  });
});

describe('items', () => {
  test('a batch is read as JSON.parse reads it, however it is spaced', async () => {
    await using http = await startHttp({ queueCapacity: 100 });
    const bodies = [
      `{ "executions" : [ ${item('[ ]')} ,\n ${item('{"a,b":[1,[2]]}')} ] , "atomic" : false }`,
      `{"executions":[1],"executions":[${item('1.50')}]}`,
    ];
    for (const body of bodies) {
      const answer = await http.call('POST', BATCH, { body });
      expect([answer.status, answer.json.refused], body).toEqual([200, 0]);
    }
    const empty = await http.call('POST', BATCH, { body: '{"executions":[ ]}' });
    expect([empty.status, empty.json.detail]).toEqual([422, '1 field is wrong; errors names each.']);
  });

  test('what is not JSON is a 400, and an error in an item names its place in the body', async () => {
    await using http = await startHttp();
    const post = (body: string) => http.call('POST', BATCH, { body });
    for (const body of [
      '{"executions":[{"a":1]}',
      '{"executions":[1,]}',
      '{"executions":[1 2]}',
      '[[1,2]',
      '{"executions":[}]',
      ']',
    ]) {
      expect((await post(body)).status, body).toBe(400);
    }
    const answer = await post('{"executions":[1,\n  {"a" 1}]}');
    expect(answer.json.detail).toBe('The body is not valid JSON: look at line 2 column 8.');
  });

  test('the meter finds the items whatever the chunks are', () => {
    const document = fc.record({ executions: fc.array(fc.jsonValue()), more: fc.jsonValue() });
    fc.assert(
      fc.property(document, fc.integer({ min: 1, max: 9 }), (value, size) => {
        const text = Buffer.from(JSON.stringify({ executions: value.executions }));
        const meter = createJsonMeter({ values: 1e6, itemValues: 1e6, levels: 1e3 });
        for (let at = 0; at < text.length; at += size) expect(meter.write(text.subarray(at, at + size))).toBeNull();
        const items = meter.items.map(({ start, end }) => text.subarray(start, end).toString());
        expect(items.filter((one) => one !== '')).toEqual(value.executions.map((one) => JSON.stringify(one)));
      }),
    );
  });
});

describe('room', () => {
  test('bodies beyond the room in all, or of one caller, get 503 with Retry-After until one is finished', async () => {
    const ofApps = createBodyBudget({ totalBytes: 3000, callerBytes: 2000 });
    const held = ofApps.reserve('orders', 1500);
    await using http = await startHttp({ bodies: { ofApps } });
    const body = item(JSON.stringify('x'.repeat(600)));
    const answer = await http.call('POST', '/v1/executions', { body });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(answer.json.type).toMatch(/too-many-bodies$/);
    held?.();
    held?.();
    for (let round = 0; round < 5; round += 1) {
      expect((await http.call('POST', '/v1/executions', { body })).status).toBe(202);
    }
    expect(ofApps.reserve('orders', 2000)).not.toBeNull();
    expect(ofApps.reserve('billing', 1001)).toBeNull();
    expect(ofApps.reserve('billing', 1000)).not.toBeNull();
  });

  test('a body that is refused or breaks off gives its room back', async () => {
    const ofApps = createBodyBudget({ totalBytes: 1024 * 1024, callerBytes: 1024 * 1024 });
    await using http = await startHttp({ bodies: { ofApps } });
    expect((await http.call('POST', '/v1/executions', { body: '{' })).status).toBe(400);
    const raw = wire(http.port);
    const framing = { authorization: `Bearer ${ORDERS_KEY}`, 'content-type': 'application/json' };
    raw.send(`${head('POST', '/v1/executions', { ...framing, 'content-length': '1000000' })}{`);
    const isEmpty = () => {
      const release = ofApps.reserve('x', 1024 * 1024);
      release?.();
      return release !== null;
    };
    await expect.poll(isEmpty).toBe(false);
    raw.socket.destroy();
    await expect.poll(isEmpty).toBe(true);
  });

  test('callbacks have room of their own, and one execution cannot take all of it', () => {
    const { ofApps, ofCallbacks } = createBodies({ maxBodiesBytes: 10_485_760, maxBodyValues: 1 });
    expect(ofApps.reserve('shop', 10_485_760)).not.toBeNull();
    expect(ofApps.reserve('other', 1)).toBeNull();
    expect(ofCallbacks.reserve('one', 4_194_304)).not.toBeNull();
    expect(ofCallbacks.reserve('one', 1)).toBeNull();
    expect(ofCallbacks.reserve('two', 4_194_304)).not.toBeNull();
  });
});

/** Sends the headers of a request that expects 100-continue; returns whether the body was requested, and the status. */
function expecting(port: number, path: string, headers: Record<string, string>): Promise<[boolean, number]> {
  return new Promise((resolve, reject) => {
    let asked = false;
    const sent = request({ port, path, method: 'POST', headers: { ...headers, expect: '100-continue' } });
    sent.on('continue', () => {
      asked = true;
      sent.end('{"actionId":"a"}');
    });
    sent.on('response', (response) => {
      response.resume();
      sent.destroy();
      resolve([asked, response.statusCode ?? 0]);
    });
    sent.on('error', reject);
    sent.flushHeaders();
  });
}

test('the body of a request is requested only if its headers do not lead to a rejection', async () => {
  await using http = await startHttp({ tokenClients: [{ name: 'cxone', key: 'client-secret-0123456789' }] });
  const json = { 'content-type': 'application/json', 'content-length': '16' };
  const authorization = `Bearer ${ORDERS_KEY}`;
  const basic = `Basic ${Buffer.from('cxone:wrong').toString('base64')}`;
  const cases: [string, Record<string, string>, [boolean, number]][] = [
    ['/v1/executions', { ...json, authorization }, [true, 202]],
    ['/v1/executions', json, [false, 401]],
    ['/v1/executions', { ...json, authorization: 'Bearer wrong' }, [false, 401]],
    ['/v1/executions', { ...json, authorization, 'content-type': 'text/plain' }, [false, 415]],
    ['/v1/executions', { ...json, authorization, 'content-length': '9999999' }, [false, 413]],
    ['/v1/nothing', { ...json, authorization }, [false, 404]],
    ['/v1/executions/one', { ...json, authorization }, [false, 405]],
    [`/webhook/cxone-execution/${'A'.repeat(22)}.${'B'.repeat(43)}`, json, [false, 404]],
    ['/webhook/token', { ...json, authorization: basic }, [false, 401]],
    ['/webhook/token', { ...json, 'content-length': '8193' }, [false, 413]],
  ];
  for (const [path, headers, expected] of cases) {
    expect(await expecting(http.port, path, headers), `${path} ${JSON.stringify(headers)}`).toEqual(expected);
  }
});

test('a callback without the required signature of its body is refused before its body', async () => {
  const bodySignature = {
    ...({ header: 'x-signature', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' } as const),
    ...{ timestampHeader: null, toleranceMs: 0, secrets: ['a secret of at least thirty-two characters'] },
  };
  await using http = await startHttp({ callbackRules: { ...NO_RULES, bodySignature } });
  const path = new URL(http.callbackUrls.mint('019b76da-a800-7000-8000-0734a88bc231')).pathname;
  for (const header of [{}, { 'x-signature': 'sha256=00' }, { 'x-signature': '0'.repeat(64) }] as Record<
    string,
    string
  >[]) {
    expect(await expecting(http.port, path, { 'content-length': '16', ...header })).toEqual([false, 404]);
  }
  const wrong = { 'content-length': '16', 'x-signature': `sha256=${'0'.repeat(64)}` };
  expect(await expecting(http.port, path, wrong)).toEqual([true, 404]);
});
