// Requests that two readers could understand differently: request smuggling, odd targets, two hosts, pipelines.

import { describe, expect, test } from 'vitest';
import { head, wire } from './harness.ts';
import { besiege, COMPLETED, exchange, FORGED, statuses } from './hostile.ts';

/** The request that a smuggler hides: its response differs from every other response. */
const HIDDEN = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const LIVE = '"live":true';

const post = (headers: readonly string[], body: string, path = FORGED) =>
  [`POST ${path} HTTP/1.1`, 'Host: x', ...headers, '', body].join('\r\n');
const ofLength = (text: string) => `Content-Length: ${text.length}`;

describe('a body whose end is in doubt is refused, and nothing behind it is served:', () => {
  test.for([
    ['a length and chunks', post([ofLength(HIDDEN), 'Transfer-Encoding: chunked'], `0\r\n\r\n${HIDDEN}`)],
    ['chunks and a length', post(['Transfer-Encoding: chunked', 'Content-Length: 5'], `0\r\n\r\n${HIDDEN}`)],
    ['two lengths', post(['Content-Length: 0', ofLength(HIDDEN)], HIDDEN)],
    ['one length twice', post(['Content-Length: 0', 'Content-Length: 0'], HIDDEN)],
    ['a list of lengths', post(['Content-Length: 0, 0'], HIDDEN)],
    ['a length with a sign', post(['Content-Length: +0'], HIDDEN)],
    ['a negative length', post(['Content-Length: -1'], HIDDEN)],
    ['a length in hex', post(['Content-Length: 0x0'], HIDDEN)],
    ['a length with a gap', post(['Content-Length: 0 0'], HIDDEN)],
    ['a length beyond 2^64', post(['Content-Length: 18446744073709551616'], HIDDEN)],
    ['an empty length', post(['Content-Length: '], HIDDEN)],
    ['a space before the colon', post(['Transfer-Encoding : chunked'], `0\r\n\r\n${HIDDEN}`)],
    ['a space before the colon of the length', post(['Content-Length : 0'], HIDDEN)],
    ['an unknown coding', post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${HIDDEN}`)],
    ['chunked that is not the last coding', post(['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${HIDDEN}`)],
    ['chunked twice', post(['Transfer-Encoding: chunked, chunked'], `0\r\n\r\n${HIDDEN}`)],
    ['two codings in two headers', post(['Transfer-Encoding: chunked', 'Transfer-Encoding: x'], `0\r\n\r\n${HIDDEN}`)],
    ['a coding with a control character', post(['Transfer-Encoding: \vchunked'], `0\r\n\r\n${HIDDEN}`)],
    ['a folded coding', post(['Transfer-Encoding:\r\n chunked', 'Content-Length: 5'], `0\r\n\r\n${HIDDEN}`)],
    ['a bare line feed in the headers', post(['X: a\nContent-Length: 0'], HIDDEN)],
    ['a bare carriage return in the headers', post(['X: a\rContent-Length: 0'], HIDDEN)],
    ['a zero byte in a header', post(['X: a\0b', 'Content-Length: 0'], HIDDEN)],
    ['a header without a name', post([': a', 'Content-Length: 0'], HIDDEN)],
    ['a chunk size in no hex', post(['Transfer-Encoding: chunked'], `g\r\n\r\n${HIDDEN}`)],
    ['a chunk size with a prefix', post(['Transfer-Encoding: chunked'], `0x0\r\n\r\n${HIDDEN}`)],
    ['a chunk size beyond 2^64', post(['Transfer-Encoding: chunked'], `1${'0'.repeat(16)}\r\n${HIDDEN}`)],
    ['a chunk that ends in a bare line feed', post(['Transfer-Encoding: chunked'], `1\r\nx\n0\r\n\r\n${HIDDEN}`)],
    ['a chunk longer than it says', post(['Transfer-Encoding: chunked'], `1\r\nxx\r\n0\r\n\r\n${HIDDEN}`)],
    ['a chunk size line that ends in a bare line feed', post(['Transfer-Encoding: chunked'], `0\n\n${HIDDEN}`)],
    [
      'endless chunk extensions',
      post(['Transfer-Encoding: chunked'], `1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n${HIDDEN}`),
    ],
  ] as const)('%s', async ([, text]) => {
    const siege = await besiege();
    const before = siege.written();
    const received = await exchange(siege.port, text);
    expect(statuses(received).filter((status) => ![400, 404, 413].includes(status))).toEqual([]);
    expect(statuses(received).length).toBeLessThanOrEqual(2);
    expect(received).toMatch(/^HTTP\/1.1 4/);
    expect(received).not.toContain(LIVE);
    expect(siege.written()).toBe(before);
  });

  test('neither is it served behind a good callback, whose body is not believed', async () => {
    const siege = await besiege();
    const { id, path } = await siege.waiting();
    const double = post([ofLength(COMPLETED), 'Transfer-Encoding: chunked'], `${COMPLETED}${HIDDEN}`, path);
    expect(await exchange(siege.port, double)).not.toContain(LIVE);
    expect(await siege.get(id)).toMatchObject({ status: 'PENDING' });
  });
});

describe('two hosts, or one that is none', () => {
  test.for([
    ['two', ['Host: x', 'Host: y']],
    ['the same twice', ['Host: x', 'hOST: x']],
    ['none', []],
    ['a path', ['Host: x/y']],
    ['a user', ['Host: a@b']],
    ['a list', ['Host: x, y']],
    ['a control character', ['Host: x\ty']],
  ] as const)('%s: 400, and the connection ends', async ([, hosts]) => {
    const siege = await besiege();
    const request = ['GET /livez HTTP/1.1', ...hosts, '', ''].join('\r\n');
    const received = await exchange(siege.port, `${request}${HIDDEN.replace('Connection: close\r\n', '')}`);
    expect(received).toMatch(/^HTTP\/1.1 400 /);
  });

  test('the host is taken for nothing: callback URLs and links are the same whatever it says', async () => {
    const siege = await besiege();
    const { id } = await siege.waiting();
    const request = [
      'GET /livez HTTP/1.1',
      'Host: evil.example',
      'X-Forwarded-Host: evil.example',
      'Connection: close',
    ];
    expect(await exchange(siege.port, [...request, '', ''].join('\r\n'))).not.toContain('evil');
    expect(JSON.stringify(await siege.get(id))).not.toContain('evil');
  });
});

test('an absolute target leads where its path leads, whatever host it names', async () => {
  const siege = await besiege();
  const { id, path } = await siege.waiting();
  const received = await exchange(
    siege.port,
    post([ofLength(COMPLETED), 'Connection: close'], COMPLETED, `http://evil.example${path}`),
  );
  expect(received).toMatch(/^HTTP\/1.1 200 [\s\S]*"resolved"/);
  expect(await siege.get(id)).toMatchObject({ status: 'COMPLETED' });
});

describe('pipelines', () => {
  test('callbacks sent in one go are answered in order', async () => {
    const siege = await besiege();
    const [one, other] = [await siege.waiting(), await siege.waiting()];
    const say = (path: string, body: string, last = false) =>
      head('POST', path, { 'content-length': String(body.length), ...(last ? { connection: 'close' } : {}) }) + body;
    const received = await exchange(
      siege.port,
      say(one.path, COMPLETED) +
        say(FORGED, COMPLETED) +
        say(other.path, '{"status":"RUNNING"}') +
        say(one.path, COMPLETED) +
        say(other.path, COMPLETED, true),
    );
    expect(statuses(received)).toEqual([200, 404, 200, 200, 200]);
    const outcomes = [...received.matchAll(/"outcome":"(\w+)"/g)].map(([, outcome]) => outcome);
    expect(outcomes).toEqual(['resolved', 'progress', 'duplicate', 'resolved']);
  });

  test('two thousand requests in one go, none of which is read for a while, are all answered', async () => {
    const siege = await besiege();
    const raw = wire(siege.port);
    raw.socket.pause();
    raw.send(head('GET', '/livez').repeat(1999) + head('GET', '/livez', { connection: 'close' }));
    const { id, path } = await siege.waiting();
    const callback =
      head('POST', path, { 'content-length': String(COMPLETED.length), connection: 'close' }) + COMPLETED;
    expect(await exchange(siege.port, callback)).toContain('"resolved"');
    expect(await siege.get(id)).toMatchObject({ status: 'COMPLETED' });
    raw.socket.resume();
    expect(statuses(await raw.closed)).toHaveLength(2000);
  });
});

describe('on the port of the webhook', () => {
  test('there is nothing but the webhook, however the path is spelt', async () => {
    const siege = await besiege({ CALLBACK_PORT: '0' });
    const { path } = await siege.waiting();
    const apps = ['/', '/livez', '/readyz', '/metrics', '/v1/executions', '/v1/executions/x', '/v1/executions/x/audit'];
    const spellings = apps.flatMap((target) => [
      target,
      `/${target}`,
      `/.${target}`,
      `${target}/`,
      `${target}?x`,
      `http://x${target}`,
      target.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
      `/webhook/cxone-execution/..%2f..${target}`,
      `/webhook/cxone-execution/../..${target}`,
      `${path}/../../..${target}`,
      `/webhook${target}`,
      `/webhook/cxone-execution/x${target}`,
    ]);
    for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
      const requests = spellings.map((target, i) =>
        head(method, target, { 'content-length': '0', ...(i + 1 < spellings.length ? {} : { connection: 'close' }) }),
      );
      // In small groups: a client that fails repeatedly has to reconnect.
      for (let at = 0; at < requests.length; at += 5) {
        const lot = requests.slice(at, at + 5);
        const last = lot.pop()?.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n') ?? '';
        const received = await exchange(siege.port, lot.join('') + last);
        expect(statuses(received).filter((status) => ![404, 405, 204].includes(status))).toEqual([]);
        expect(received).not.toMatch(/"live"|"ready"|executions\/|# HELP|"items"|www-authenticate/);
      }
    }
  });
});

describe('a malformed request', () => {
  test.for([
    ['a tunnel', 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\nSSH-2.0-x\r\n'],
    ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a handshake of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.padEnd(200, '\x01')],
    ['a later version', 'GET /livez HTTP/3.7\r\nHost: x\r\n\r\n'],
    ['a method that is none', 'G\0T /livez HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a target with a space', 'GET /livez /livez HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a target with a control character', 'GET /li\x01vez HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a proxy line', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n'],
  ] as const)('%s is refused, and nothing is served behind it', async ([, text]) => {
    const siege = await besiege();
    const received = await exchange(siege.port, text);
    expect(statuses(received).filter((status) => status < 400)).toEqual([]);
    expect(received).not.toContain(LIVE);
  });

  test('an upgrade is not taken up: the request is answered as any other', async () => {
    const siege = await besiege();
    for (const protocol of ['websocket', 'h2c']) {
      const upgrade = head('GET', '/livez', {
        connection: 'Upgrade, close',
        upgrade: protocol,
        'http2-settings': 'AAMA',
      });
      expect(statuses(await exchange(siege.port, upgrade))).toEqual([200]);
    }
  });
});
