// Clients that are slow, stop halfway or only hold on to their connection, against the whole receiver.

import { describe, expect, test } from 'vitest';
import { head, type Wire, wire } from './harness.ts';
import { besiege, COMPLETED, FORGED, SHORT, statuses } from './hostile.ts';

/** One byte at a time, for as long as the server listens. */
async function drip(raw: Wire, text: string): Promise<string> {
  for (const character of text) {
    if (raw.socket.destroyed) break;
    raw.send(character);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return raw.closed;
}

describe('a slow client is cut off, and', () => {
  test('headers byte by byte get 408', async () => {
    const siege = await besiege({}, SHORT);
    expect(await drip(wire(siege.port), head('GET', '/livez', { x: 'y'.repeat(500) }))).toMatch(/^HTTP\/1.1 408 /);
  });

  test('a body byte by byte gets 408, and what it was about is asked of CXone instead', async () => {
    const siege = await besiege({}, SHORT);
    const { id, path } = await siege.waiting();
    const raw = wire(siege.port);
    raw.send(head('POST', path, { 'content-length': '2000' }));
    expect(await drip(raw, `{"status":"${'x'.repeat(1000)}`)).toMatch(/^HTTP\/1.1 408 /);
    await siege.untilStatus(id, 'COMPLETED');
    expect(await siege.get(id)).toMatchObject({ resolvedBy: 'poll' });
    expect((await siege.events(id)).filter((event) => event === 'CALLBACK_UNREADABLE')).toHaveLength(1);
  });

  test('chunks without an end get 408', async () => {
    const siege = await besiege({}, SHORT);
    const { path } = await siege.waiting();
    const raw = wire(siege.port);
    raw.send(head('POST', path, { 'transfer-encoding': 'chunked' }));
    expect(await drip(raw, '1\r\nx\r\n'.repeat(200))).toMatch(/^HTTP\/1.1 408 /);
  });

  test('a body for a forged URL is not waited for at all', async () => {
    const siege = await besiege({}, SHORT);
    const before = siege.written();
    const raw = wire(siege.port);
    raw.send(`${head('POST', FORGED, { 'content-length': '2000' })}x`);
    expect(await raw.until(/expected here/)).toMatch(/^HTTP\/1.1 404 /);
    await raw.closed;
    expect(siege.written()).toBe(before);
  });

  test('a connection that is idle after an answer is closed', async () => {
    const siege = await besiege({}, SHORT);
    const raw = wire(siege.port);
    raw.send(head('GET', '/livez'));
    expect(statuses(await raw.closed)).toEqual([200]);
  });
});

describe('a client that closes its half', () => {
  test('after a whole callback still gets its answer', async () => {
    const siege = await besiege();
    const { id, path } = await siege.waiting();
    const raw = wire(siege.port);
    raw.socket.end(head('POST', path, { 'content-length': String(COMPLETED.length) }) + COMPLETED);
    expect(await raw.closed).toMatch(/^HTTP\/1.1 200 [\s\S]*"resolved"/);
    expect(await siege.get(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
  });

  test('in the middle of a body makes CXone be asked, once', async () => {
    const siege = await besiege();
    const { id, path } = await siege.waiting();
    for (const framing of [{ 'content-length': '100' }, { 'transfer-encoding': 'chunked' }]) {
      const raw = wire(siege.port);
      raw.socket.end(`${head('POST', path, framing as unknown as Record<string, string>)}10\r\n{"status":"COMPL`);
      await raw.closed;
    }
    await siege.until(async () => (await siege.events(id)).includes('POLL_COMPLETED'));
    await siege.until(
      async () => (await siege.events(id)).filter((event) => event === 'CALLBACK_UNREADABLE').length === 2,
    );
  });

  test('in the middle of headers is let go', async () => {
    const siege = await besiege();
    const before = siege.written();
    const raw = wire(siege.port);
    raw.socket.end('POST /webhook/cxone-execution/x HTTP/1.1\r\nHos');
    await raw.closed;
    expect(siege.written()).toBe(before);
  });
});

test('a thousand connections that do nothing do not keep a callback waiting', async () => {
  const siege = await besiege({}, { headersTimeout: 120_000, requestTimeout: 120_000, keepAliveTimeout: 120_000 });
  const { id, path } = await siege.waiting();
  const crowd = Array.from({ length: 1000 }, () => wire(siege.port));
  await Promise.all(
    crowd.map(async (raw, i) => {
      if (raw.socket.connecting) await new Promise((resolve) => raw.socket.once('connect', resolve));
      if (i % 4 === 1) raw.send('POST /webhook');
      if (i % 4 === 2) raw.send(`${head('POST', path, { 'content-length': '50' })}{`);
      if (i % 4 === 3) raw.send(head('GET', '/livez'));
    }),
  );
  const raw = wire(siege.port);
  raw.send(head('POST', path, { 'content-length': String(COMPLETED.length), connection: 'close' }) + COMPLETED);
  expect(await raw.closed).toMatch(/^HTTP\/1.1 200 [\s\S]*"resolved"/);
  // All of them are still there.
  expect(crowd.filter(({ socket }) => socket.destroyed)).toHaveLength(0);
  expect(await siege.get(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
  for (const { socket } of crowd) socket.destroy();
});
