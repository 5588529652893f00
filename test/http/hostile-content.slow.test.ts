// Bodies, ids and headers made to exhaust, to confuse or to slip through, against the whole receiver.

import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { head, wire } from './harness.ts';
import { type Besieged, besiege, COMPLETED, exchange, SHORT, statuses } from './hostile.ts';

const MIB = 1024 * 1024;

async function callback(
  siege: Besieged,
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
) {
  const framing = { 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const bytes = Buffer.concat([Buffer.from(head('POST', path, { ...framing, ...headers })), Buffer.from(body)]);
  const received = await exchange(siege.port, bytes);
  return { status: statuses(received)[0], text: received.slice(received.indexOf('\r\n\r\n') + 4) };
}

describe('a callback', () => {
  test('that is a compressed bomb gets 413 without being unpacked in full, and CXone is polled', async () => {
    const siege = await besiege();
    const { id, path } = await siege.waiting();
    const bomb = gzipSync(Buffer.alloc(200 * MIB, ' '));
    const before = process.memoryUsage().arrayBuffers;
    for (const coding of ['gzip', 'x-gzip', 'gzip, gzip']) {
      const body = coding.includes(',') ? gzipSync(bomb) : bomb;
      expect(await callback(siege, path, body, { 'content-encoding': coding })).toMatchObject({ status: 413 });
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * MIB);
    await siege.untilStatus(id, 'COMPLETED');
    expect(await siege.get(id)).toMatchObject({ resolvedBy: 'poll' });
  });

  test('that names gzip and has another content is unreadable, and CXone is polled', async () => {
    const siege = await besiege();
    const { id, path } = await siege.waiting();
    const answer = await callback(siege, path, COMPLETED, { 'content-encoding': 'gzip', 'content-type': 'image/png' });
    expect(answer).toEqual({ status: 202, text: '{"outcome":"unreadable"}' });
    await siege.untilStatus(id, 'COMPLETED');
    expect(await siege.get(id)).toMatchObject({ resolvedBy: 'poll' });
  });

  test.for([
    ['nested arrays', '['.repeat(MIB - 1)],
    ['nested arrays that end', `${'['.repeat(300_000)}${']'.repeat(300_000)}`],
    ['nested objects', '{"a":'.repeat(200_000)],
    ['zero bytes', '\0'.repeat(1000)],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['a lone surrogate', '{"status":"\\ud800"}'],
    ['a status that is not a string', '{"status":{"toString":"x"}}'],
    ['a number without end', `{"status":${'9'.repeat(100_000)}}`],
    ['the names of built-in things', '{"__proto__":{"status":"COMPLETED"},"constructor":{"status":"COMPLETED"}}'],
    ['nothing but a list', '[{"status":"COMPLETED"}]'],
  ] as const)('of %s does no harm and resolves nothing by itself', async ([, body]) => {
    const siege = await besiege();
    const { id, path } = await siege.waiting();
    const { status } = await callback(siege, path, body);
    expect([200, 202]).toContain(status);
    await siege.until(async () => (await siege.events(id)).length > 3);
    expect((await siege.get(id)).resolvedBy).not.toBe('callback');
    expect(await callback(siege, path, COMPLETED)).toMatchObject({ status: 200 });
  });

  test('with a result of more than 512 levels ends its execution, with an error in place of the result', async () => {
    const siege = await besiege();
    const { id, path } = await siege.waiting();
    const deep = `{"status":"COMPLETED","result":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
    expect(await callback(siege, path, deep)).toEqual({ status: 200, text: '{"outcome":"resolved"}' });
    expect(await siege.get(id)).toMatchObject({
      ...{ status: 'COMPLETED', resolvedBy: 'callback', result: null },
      error: { code: 'result-too-large' },
    });
  });

  test('whose result has __proto__ in it is kept as it is, and pollutes nothing', async () => {
    const siege = await besiege();
    const { id, path } = await siege.waiting();
    const result = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"toString":3}';
    await callback(siege, path, `{"status":"COMPLETED","result":${result}}`);
    expect(JSON.stringify((await siege.get(id)).result)).toBe(result);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('over 1 MiB by its declared length gets 413 before it is read, and CXone is polled', async () => {
    const siege = await besiege({}, SHORT);
    const { id, path } = await siege.waiting();
    const declared = wire(siege.port);
    declared.send(head('POST', path, { 'content-length': String(10 ** 12) }));
    expect(await declared.until(/body-too-large/)).toMatch(/^HTTP\/1.1 413 /);
    await declared.closed;
    await siege.untilStatus(id, 'COMPLETED');
  });

  test('in chunks without end gets 413 after 128 MiB, and CXone is polled', async () => {
    const siege = await besiege();
    const { id, path } = await siege.waiting();
    const endless = wire(siege.port);
    endless.send(head('POST', path, { 'transfer-encoding': 'chunked' }));
    let sent = 0;
    const more = () => {
      if (endless.received !== '' || endless.socket.destroyed) return;
      sent += MIB / 4;
      endless.socket.write(`40000\r\n${'x'.repeat(MIB / 4)}\r\n`, () => setImmediate(more));
    };
    more();
    expect(await endless.until(/body-too-large/)).toMatch(/^HTTP\/1.1 413 /);
    endless.socket.destroy();
    expect(sent).toBeLessThan(200 * MIB);
    await siege.untilStatus(id, 'COMPLETED');
  });
});

describe('an app that sends', () => {
  const KEY = { authorization: 'Bearer the-shop-key-0123456789', 'content-type': 'application/json' };
  const submit = async (siege: Besieged, body: string, headers: Record<string, string> = {}) => {
    const { port } = new URL(siege.service().url);
    const framing = { 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
    return exchange(Number(port), head('POST', '/v1/executions', { ...framing, ...KEY, ...headers }) + body);
  };

  test.for([
    ['deep JSON', `{"actionId":"a","inputs":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`, 400],
    ['JSON without an end', '{"actionId":'.padEnd(MIB, '['), 400],
    ['a control character in an id', '{"actionId":"a\\nb"}', 422],
    ['a zero byte in an id', '{"actionId":"a","correlationId":"a\\u0000b"}', 422],
    ['a path in an id', '{"actionId":"../../token"}', 422],
    ['dots for an id', '{"actionId":"a","correlationId":".."}', 422],
    ['__proto__ as a field', '{"actionId":"a","__proto__":{"inputs":{}}}', 422],
    ['constructor as a field', '{"actionId":"a","constructor":{"prototype":{"x":1}}}', 422],
    ['a callbackUrl of its own', '{"actionId":"a","context":{"callbackUrl":"https://evil.example"}}', 422],
    ['a body in gzip', gzipSync('{"actionId":"a"}').toString('latin1'), 400],
  ] as const)('%s gets an error that says so, and nothing is stored', async ([, body, status]) => {
    const siege = await besiege();
    const before = siege.written();
    expect(statuses(await submit(siege, body))).toEqual([status]);
    expect(siege.written()).toBe(before);
  });

  test('__proto__ deep in its inputs has it handed on as it is, and the callback URL stays ours', async () => {
    const siege = await besiege();
    const inputs = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}';
    const context = '{"__proto__":{"callbackUrl":"https://evil.example"}}';
    const body = `{"actionId":"a","correlationId":"proto","inputs":${inputs},"context":${context}}`;
    expect(statuses(await submit(siege, body))).toEqual([202]);
    await siege.untilStatus('proto', 'COMPLETED');
    const { result, resolvedBy } = await siege.get('proto');
    expect(resolvedBy).toBe('callback');
    expect(JSON.stringify(result)).toContain('"__proto__":{"polluted":1}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test.for([
    '/v1/executions/a%0ab',
    '/v1/executions/a%00b',
    '/v1/executions/%2e%2e%2fmetrics',
    '/v1/executions/..%5c..',
    '/v1/executions/%f0%28',
    '/v1/executions/%',
    '/v1/executions/%E2%80%AE',
    `/v1/executions/${'a'.repeat(10_000)}`,
    '/v1/executions/a%0d%0aset-cookie:%20x=1/audit',
    '/v1/executions?status=%0d%0a&cursor=%00&limit=1e9',
    '/v1/executions?__proto__=1&constructor=2&__proto__[x]=3',
  ])('%s is answered 4xx, and neither a header nor a log line breaks', async (path) => {
    const siege = await besiege();
    const { port } = new URL(siege.service().url);
    const received = await exchange(Number(port), head('GET', path, { ...KEY, connection: 'close' }));
    expect(statuses(received)[0]).toBeGreaterThanOrEqual(400);
    expect(statuses(received)[0]).toBeLessThan(500);
    expect(received).not.toMatch(/^set-cookie/im);
    for (const { facts } of siege.log.lines) expect(JSON.stringify(facts)).not.toMatch(/\\n|\\r|\\u0000/);
  });

  test('more headers than anyone counts: none of them hides the last ones', async () => {
    const siege = await besiege({ TRUSTED_PROXIES: '1', CALLBACK_ALLOWED_IPS: '203.0.113.9' });
    const { path } = await siege.waiting();
    const body = 'connection: close\r\ncontent-length: 2\r\n';
    const forge = (first: string, last: string, between = 900) =>
      exchange(
        siege.port,
        `POST ${path} HTTP/1.1\r\nhost: x\r\n${body}x-forwarded-for: ${first}\r\n${'a:\r\n'.repeat(between)}x-forwarded-for: ${last}\r\n\r\n{}`,
      );
    // The last one is what the proxy wrote; the first one the client.
    expect(statuses(await forge('203.0.113.9', '192.0.2.66'))).toEqual([404]);
    expect(statuses(await forge('192.0.2.66', '203.0.113.9'))).toEqual([202]);
    expect(statuses(await forge('203.0.113.9', '192.0.2.66', 2500))).toEqual([431]);
  });
});
