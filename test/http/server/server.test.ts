// The listener: where it listens, whom it puts up with, and how it stops.

import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Fetch } from '../../../src/http/fetch.ts';
import { readBody } from '../../../src/http/request/read-body.ts';
import { createConnectionCounts } from '../../../src/http/server/connection-pool.ts';
import { type Limits, type ListenOptions, listen } from '../../../src/http/server/server.ts';
import { eventually } from '../../support/eventually.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { head, wire } from '../harness.ts';

const HELLO: Fetch = () => new Response('hello');
const FAST: Partial<Limits> = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 };

async function start(fetch: Fetch = HELLO, limits: Partial<Limits> = {}, options: Partial<ListenOptions> = {}) {
  const server = await listen(fetch, { host: '127.0.0.1', port: 0, limits, ...options });
  return { ...server, [Symbol.asyncDispose]: () => server.close(0) };
}

/** A handler that waits to be let go. */
function held() {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const fetch: Fetch = async () => {
    arrive();
    await released;
    return new Response('at last');
  };
  return { fetch, arrived, release };
}

describe('listening', () => {
  test('on port 0 it takes a free one and says which', async () => {
    await using server = await start();
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect(await (await fetch(server.url)).text()).toBe('hello');
  });

  test('on a port that is taken it says so', async () => {
    await using first = await start();
    const second = listen(HELLO, { host: '127.0.0.1', port: first.port });
    await expect(second).rejects.toThrow(
      `cannot listen on 127.0.0.1 port ${first.port}: something else is listening there (EADDRINUSE)`,
    );
  });

  test('on an address of another machine it says so', async () => {
    await expect(listen(HELLO, { host: '192.0.2.1', port: 0 })).rejects.toThrow(
      /^cannot listen on 192\.0\.2\.1 port 0: .*\(EADDRNOTAVAIL\)$/,
    );
  });
});

describe('clients that are slow or greedy', () => {
  test('headers that do not come are answered 408 and cut off', async () => {
    await using server = await start(HELLO, FAST);
    const raw = wire(server.port);
    raw.send('GET / HTTP/1.1\r\nHost: x\r\n');
    expect(await raw.closed).toMatch(/^HTTP\/1.1 408 [\s\S]*problem\+json[\s\S]*problem:request-timeout/);
  });

  test('a connection that says nothing is cut off', async () => {
    await using server = await start(HELLO, FAST);
    await wire(server.port).closed;
  });

  test('a body that does not come is answered 408 and cut off', async () => {
    await using server = await start(async (request) => new Response(await request.text()), FAST);
    const raw = wire(server.port);
    raw.send(`${head('POST', '/', { 'content-length': '10' })}x`);
    expect(await raw.closed).toMatch(/^HTTP\/1.1 408 /);
  });

  test('an answer may take longer than a request may', async () => {
    const { fetch, arrived, release } = held();
    // Longer than a busy machine needs to read what has arrived.
    await using server = await start(fetch, { ...FAST, headersTimeout: 1_000, requestTimeout: 1_000 });
    const patient = wire(server.port);
    patient.send(head('GET', '/', { connection: 'close' }));
    await arrived;
    // Two others run into the time limits meanwhile.
    const [silent, slow] = [wire(server.port), wire(server.port)];
    slow.send(`${head('POST', '/', { 'content-length': '10' })}x`);
    await Promise.all([silent.closed, slow.closed]);
    release();
    expect(await patient.closed).toMatch(/^HTTP\/1.1 200 [\s\S]*at last$/);
  });

  test('headers over 16 KiB are answered 431', async () => {
    await using server = await start();
    const raw = wire(server.port);
    raw.send(head('GET', '/', { x: 'y'.repeat(17_000) }));
    expect(await raw.closed).toMatch(/^HTTP\/1.1 431 [\s\S]*problem:headers-too-large/);
  });

  test('a client that waits longer than a silent one may is answered', async () => {
    // Longer than a busy machine needs to read what has arrived.
    const silenceTimeout = 1_000;
    const late = () => new Promise<void>((resolve) => void setTimeout(resolve, 1.3 * silenceTimeout));
    await using server = await start(async () => late().then(() => new Response('at last')), { silenceTimeout });
    const raw = wire(server.port);
    raw.send(head('POST', '/', { connection: 'close', 'content-length': '0' }));
    expect(await raw.closed).toMatch(/at last$/);
  });

  test('a silent client of an answer that never comes is let go', async () => {
    const { fetch, arrived } = held();
    // Longer than a busy machine needs to read what has arrived.
    await using server = await start(fetch, { silenceTimeout: 1_000, responseTimeout: 2_000 });
    const raw = wire(server.port);
    raw.send(head('GET', '/'));
    await arrived;
    expect(await raw.closed).toBe('');
  });

  test('when the listener is full, a new connection displaces the oldest silent one, then the oldest idle one', async () => {
    const counts = createConnectionCounts(quietLog(), createManualWorld());
    const limits = { maxConnections: 3, firstRequestTimeout: 0 };
    await using server = await start(HELLO, limits, { connections: counts, behindProxy: true });
    const served = wire(server.port);
    served.send(head('GET', '/'));
    await served.until(/hello/);
    const silent = wire(server.port);
    await eventually(() => counts.open === 2);
    const partial = wire(server.port);
    partial.send('GET / HTTP/1.1\r\n');
    await eventually(() => counts.open === 3);
    expect(await (await fetch(server.url, { headers: { connection: 'close' } })).text()).toBe('hello');
    await silent.closed;
    const others = [wire(server.port), wire(server.port)];
    await partial.closed;
    await eventually(() => counts.open === 3);
    const last = wire(server.port);
    last.send(head('GET', '/', { connection: 'close' }));
    expect(await last.closed).toContain('hello');
    expect(counts.closures.get('displaced')).toBeGreaterThanOrEqual(2);
    expect(counts.closures.get('full')).toBe(0);
    for (const other of others) other.socket.destroy();
  });

  test('new connections do not displace one another while there are idle ones: their requests are on the way', async () => {
    const counts = createConnectionCounts(quietLog(), createManualWorld());
    const limits = { maxConnections: 4, firstRequestTimeout: 60_000 };
    await using server = await start(HELLO, limits, { connections: counts, behindProxy: true });
    const idle = Array.from({ length: 4 }, () => wire(server.port));
    for (const one of idle) {
      one.send(head('GET', '/'));
      await one.until(/hello/);
    }
    const callbacks = Array.from({ length: 4 }, () => wire(server.port));
    await eventually(() => counts.closures.get('displaced') === 4);
    for (const one of callbacks) one.send(head('GET', '/', { connection: 'close' }));
    for (const one of callbacks) expect(await one.closed).toContain('hello');
  });

  test('a connection with a request under way is never displaced: the new one is closed', async () => {
    const { fetch: answer, arrived, release } = held();
    const counts = createConnectionCounts(quietLog(), createManualWorld());
    await using server = await start(answer, { maxConnections: 1 }, { connections: counts });
    const first = wire(server.port);
    first.send(head('GET', '/', { connection: 'close' }));
    await arrived;
    expect(await wire(server.port).closed).toBe('');
    expect(counts.closures.get('full')).toBe(1);
    release();
    expect(await first.closed).toContain('at last');
    expect(await (await fetch(server.url)).text()).toBe('at last');
  });

  test('a tenth of the connections is reserved for callbacks: further requests are answered 503', async () => {
    const { fetch: all, release } = held();
    const counts = createConnectionCounts(quietLog(), createManualWorld());
    let begun = 0;
    const answer: Fetch = (request, ...rest) => {
      if (new URL(request.url).pathname !== '/') return HELLO(request, ...rest);
      begun += 1;
      return all(request, ...rest);
    };
    await using server = await start(answer, { maxConnections: 10 }, { connections: counts });
    const nine = Array.from({ length: 9 }, () => wire(server.port));
    for (const one of nine) one.send(head('GET', '/', { connection: 'close' }));
    await eventually(() => begun === 9);
    const tenth = wire(server.port);
    tenth.send(head('GET', '/?path=/webhook/x'));
    const refusal = await tenth.closed;
    expect(refusal).toMatch(/^HTTP\/1.1 503 /);
    expect(refusal).toMatch(/^retry-after: 1\r$/im);
    expect(counts.closures.get('full')).toBe(1);
    for (const path of ['/webhook/cxone-execution/x', '/base/webhook/token', '/livez']) {
      expect(await (await fetch(`${server.url}${path}`)).text()).toBe('hello');
    }
    release();
    for (const one of nine) expect(await one.closed).toContain('at last');
    expect(await (await fetch(server.url)).text()).toBe('at last');
  });

  test.each([
    [false, 1],
    [true, 0],
  ])(
    'a network has a quarter of the connections without a request, unless it is a proxy (%s)',
    async (behindProxy, closed) => {
      const counts = createConnectionCounts(quietLog(), createManualWorld());
      await using server = await start(HELLO, { maxConnections: 8 }, { connections: counts, behindProxy });
      const silent: ReturnType<typeof wire>[] = [];
      for (let i = 1; i <= 3; i += 1) {
        silent.push(wire(server.port));
        await eventually(() => counts.open + (counts.closures.get('network') ?? 0) >= i);
      }
      expect(counts.closures.get('network')).toBe(closed);
      for (const one of silent) one.socket.destroy();
    },
  );

  test('many closed connections are one line in the log', async () => {
    const log = quietLog();
    const counts = createConnectionCounts(log, createManualWorld());
    await using server = await start(HELLO, { maxConnections: 2 }, { connections: counts, behindProxy: true });
    const silent = Array.from({ length: 20 }, () => wire(server.port));
    await eventually(() => counts.closures.get('displaced') === 18);
    expect(log.lines).toMatchObject([{ level: 'warn', facts: { displaced: 1, client: '127.0.0.1' } }]);
    for (const one of silent) one.socket.destroy();
  });
});

describe('an answer before the request is all in', () => {
  const REFUSAL: Fetch = async (request) => new Response((await readBody(request)).type, { status: 413 });
  const MIB = 1024 * 1024;
  const BODY = 'x'.repeat(12 * MIB);
  const LENGTH = { 'content-length': String(BODY.length) };
  const CHUNKED = { 'transfer-encoding': 'chunked' };

  test.each([
    ['close', LENGTH],
    ['keep-alive', LENGTH],
    ['close', CHUNKED],
    ['keep-alive', CHUNKED],
  ] as const)('reaches a client that writes on, its connection unharmed (%s, %o)', async (connection, framing) => {
    await using server = await start(REFUSAL);
    const raw = wire(server.port);
    const errors: string[] = [];
    raw.socket.on('error', ({ message }) => errors.push(message));
    raw.send(head('POST', '/', { connection, ...framing }));
    const body = framing === CHUNKED ? `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n` : BODY;
    const written = new Promise((resolve) => raw.socket.write(body, resolve));
    await raw.until(/413/);
    expect(await written).toBeFalsy();
    raw.socket.end();
    expect(await raw.closed).toMatch(/^HTTP\/1.1 413 [\s\S]*too-large$/);
    expect(errors).toEqual([]);
  });

  test('reaches the client also if earlier requests of the connection were complete', async () => {
    await using server = await start(REFUSAL);
    const raw = wire(server.port);
    const errors: string[] = [];
    raw.socket.on('error', ({ message }) => errors.push(message));
    raw.send(`${head('POST', '/', { 'content-length': '2' })}ok`);
    await raw.until(/whole/);
    raw.send(head('POST', '/', { connection: 'close', ...LENGTH }));
    const written = new Promise((resolve) => raw.socket.write(BODY, resolve));
    await raw.until(/too-large/);
    expect(await written).toBeFalsy();
    raw.socket.end();
    expect(await raw.closed).toMatch(/whole[\s\S]*too-large$/);
    expect(errors).toEqual([]);
  });

  // Long before any other limit would cut it off.
  test('a client that never stops writing is cut off', { timeout: 10_000 }, async () => {
    await using server = await start(REFUSAL, { lingerTimeout: 50 });
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    const closed = new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
    const piece = Buffer.alloc(MIB);
    const more = () => {
      while (socket.write(piece));
    };
    socket.on('drain', more).resume();
    socket.write(head('POST', '/', { connection: 'close', 'content-length': String(2 ** 50) }));
    more();
    await closed;
  });
});

describe('a malformed request', () => {
  test.for([
    ['garbage', 'hello there\r\n\r\n'],
    ['two lengths', `${head('POST', '/', { 'content-length': '3', 'transfer-encoding': 'chunked' })}abc`],
    ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ] as const)('%s is answered 400', async ([, text]) => {
    await using server = await start();
    const raw = wire(server.port);
    raw.send(text);
    expect(await raw.closed).toMatch(/^HTTP\/1.1 400 /);
  });

  test('a probe that speaks HTTP/1.0 without Host is answered', async () => {
    await using server = await start();
    const raw = wire(server.port);
    raw.send('GET / HTTP/1.0\r\n\r\n');
    expect(await raw.closed).toMatch(/^HTTP\/1.1 200 [\s\S]*hello$/);
  });
});

describe('stopping', () => {
  test('waits for what is in flight, takes nothing new, and ends kept connections', async () => {
    const { fetch: handler, arrived, release } = held();
    const server = await start((request) => (request.url.endsWith('/slow') ? handler(request) : HELLO(request)));
    const idle = wire(server.port);
    idle.send(head('GET', '/'));
    await idle.until(/hello/);
    const busy = wire(server.port);
    busy.send(head('GET', '/slow'));
    await arrived;

    let stopped = false;
    const stopping = server.close(60_000).then(() => {
      stopped = true;
    });
    await idle.closed;
    await expect(fetch(server.url)).rejects.toThrow();
    expect(stopped).toBe(false);
    release();
    expect(await busy.closed).toMatch(/^HTTP\/1.1 200 [\s\S]*at last$/);
    await stopping;
  });

  test('a request on a kept connection is the last one there', async () => {
    const { fetch: handler, arrived, release } = held();
    const server = await start((request) => (request.url.endsWith('/slow') ? handler(request) : HELLO(request)));
    const busy = wire(server.port);
    busy.send(`${head('GET', '/slow')}GET /after HTTP/1.1\r\n`);
    await arrived;
    const stopping = server.close(60_000);
    release();
    await busy.until(/at last/);
    busy.send('host: x\r\n\r\n');
    expect(await busy.closed).toMatch(/at last[\s\S]*connection: close[\s\S]*hello$/i);
    await stopping;
  });

  test('cuts what has not finished when the grace is over', async () => {
    const { fetch, arrived } = held();
    const server = await start(fetch);
    const raw = wire(server.port);
    raw.send(head('GET', '/'));
    await arrived;
    await server.close(10);
    expect(await raw.closed).toBe('');
  });

  test('cuts a client that stops in the middle of its body', async () => {
    const server = await start(async (request) => new Response(await request.text()));
    const raw = wire(server.port);
    raw.send(`${head('POST', '/', { 'content-length': '10' })}x`);
    raw.send('y');
    await server.close(10);
    expect(await raw.closed).toBe('');
  });

  test('a connection that was opened ahead of need does not hold it up', async () => {
    const server = await start(HELLO, { unusedTimeout: 50 });
    const raw = wire(server.port);
    // Answered on another one: by then the silent one has been accepted.
    await (await fetch(server.url)).text();
    await server.close(60_000);
    expect(await raw.closed).toBe('');
  });

  test('who closes their half still gets an answer that takes a commit, and is let go when it takes longer', async () => {
    const { fetch, arrived, release } = held();
    await using server = await start(fetch);
    const patient = wire(server.port);
    patient.socket.end(head('GET', '/'));
    await arrived;
    release();
    expect(await patient.closed).toMatch(/at last$/);
    await using other = await start(() => new Promise<Response>(() => {}), { halfOpenTimeout: 50 });
    const silent = wire(other.port);
    silent.socket.end(head('GET', '/'));
    expect(await silent.closed).toBe('');
  });

  test('with nothing in flight it is over at once', async () => {
    const server = await start();
    await (await fetch(server.url)).text();
    await server.close(60_000);
    await expect(fetch(server.url)).rejects.toThrow();
  });
});
