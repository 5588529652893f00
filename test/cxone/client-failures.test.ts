// What it means when CXone gives no answer, or half of one: over real connections that fail in every way.

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type Fetcher, NETWORK_FETCHER } from '../../src/cxone/transport.ts';
import { anExecution } from '../support/executions.ts';
import { DEAD_URL, sendJson, startRaw, startUpstream } from '../support/upstream.ts';
import { aPolled, CALLBACK_URL, startClient, startTenant } from './harness.ts';

const NO_NEWS = { kind: 'progress', statusWord: null, result: null, error: null };

describe('no answer', () => {
  /** A CXone whose token endpoint works, and whose everything else is at `url`. */
  async function clientFor(url: string, requestTimeoutMs?: number) {
    const tenant = await startTenant(() => {});
    const tokenUrl = `${tenant.url}/api/v2/oauth/token`;
    return startClient(url, { tokenUrl, ...(requestTimeoutMs ? { requestTimeoutMs } : {}) }).cxone;
  }

  const UNSENT = [
    { type: 'unsent', httpStatus: 0, retryAfterMs: 0 },
    { type: 'failed', asked: false },
  ] as const;
  const UNCERTAIN = [
    { type: 'uncertain', httpStatus: 0, retryAfterMs: 0 },
    { type: 'failed', asked: true },
  ] as const;

  async function expectBoth(
    cxone: Awaited<ReturnType<typeof clientFor>>,
    [submission, poll]: typeof UNSENT | typeof UNCERTAIN,
  ) {
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject(submission);
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject(poll);
  }

  test('connection refused: certainly not sent', async () => {
    await expectBoth(await clientFor(DEAD_URL), UNSENT);
  });

  test('connection refused on every address of a name: certainly not sent', async () => {
    await expectBoth(await clientFor(DEAD_URL.replace('127.0.0.1', 'localhost')), UNSENT);
  });

  test('a name that does not resolve: certainly not sent', async () => {
    await expectBoth(await clientFor('http://tenant.invalid'), UNSENT);
  });

  test('a server that speaks no TLS, or hangs up or falls silent in its handshake: certainly not sent', async () => {
    const plain = await startUpstream((_, response) => sendJson(response, 200, {}));
    await expectBoth(await clientFor(plain.url.replace('http:', 'https:')), UNSENT);
    const rude = await startRaw((socket) => socket.once('data', () => socket.destroy()));
    await expectBoth(await clientFor(rude.url.replace('http:', 'https:')), UNSENT);
    const silent = await startRaw(() => {});
    await expectBoth(await clientFor(silent.url.replace('http:', 'https:'), 300), UNSENT);
  });

  test('reset, or closed without a word, after the request was sent: it may have been received', async () => {
    const resetting = await startRaw((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await expectBoth(await clientFor(resetting.url), UNCERTAIN);
    const closing = await startRaw((socket) => socket.once('data', () => socket.end()));
    await expectBoth(await clientFor(closing.url), UNCERTAIN);
    expect([resetting.sockets.length, closing.sockets.length]).toEqual([2, 2]);
  });

  test('a response that is not HTTP: the request may have been received', async () => {
    const server = await startRaw((socket) => socket.once('data', () => socket.end('220 mail.example ESMTP\r\n')));
    await expectBoth(await clientFor(server.url), UNCERTAIN);
  });

  test('an answer that breaks off: the submission counts, a refusal stays one', async () => {
    const broken = (status: string) =>
      startRaw((socket) =>
        socket.once('data', () => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 100\r\n\r\n{"exec`)),
      );
    const accepted = await clientFor((await broken('202 Accepted')).url);
    expect(await accepted.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted', executionId: null });
    const refused = await clientFor((await broken('400 No')).url);
    expect(await refused.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'refused', httpStatus: 400 });
  });

  test('a complete document without the end of its response gives the id, and the outcome of a last poll', async () => {
    const cutOff = (document: string) =>
      startRaw((socket) =>
        socket.once('data', () => {
          const chunk = `${document.length.toString(16)}\r\n${document}\r\n`;
          socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
        }),
      );
    const cut = expect.stringContaining('it broke off');
    const accepted = await clientFor((await cutOff('{"executionId":"e-1","status":"COMPLETED"}')).url);
    expect(await accepted.execute(anExecution(), CALLBACK_URL)).toMatchObject({
      type: 'submitted',
      executionId: 'e-1',
      report: NO_NEWS,
      cut,
    });
    const report = { kind: 'completed', result: { fee: 1 } };
    const polled = await clientFor((await cutOff('{"status":"COMPLETED","result":{"fee":1}}')).url);
    expect(await polled.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: true, found: { report, cut } });
    const partial = await clientFor((await cutOff('{"status":"COMPLETED","result":{"fee":1}')).url);
    expect(await partial.poll(aPolled('e-1'))).not.toHaveProperty('found');
  });

  test('a response that has arrived at the time-out counts, when a long commit kept the event loop from reading it', async () => {
    const timeout = new AbortController();
    // Sockets are read in a turn of the event loop behind the timers.
    const submit: Fetcher['fetch'] = (_, options) =>
      new Promise((resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
        timeout.abort(new Error('timed out'));
        setImmediate(() => resolve(Response.json({ executionId: 'e-1', status: 'RUNNING' })));
      });
    const fetcher: Fetcher = {
      timeout: () => timeout.signal,
      fetch: (url, options) => (String(url).endsWith('/execute') ? submit : NETWORK_FETCHER.fetch)(url, options),
    };
    const tenant = await startTenant(() => {});
    const { cxone } = startClient(tenant.url, { fetcher });
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted', executionId: 'e-1' });
  });

  test('closing gives up what is in flight, and nothing is sent any more', async () => {
    const silent = await startRaw(() => {});
    const cxone = await clientFor(silent.url);
    const underWay = cxone.execute(anExecution(), CALLBACK_URL);
    while (silent.sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const [socket] = silent.sockets;
    if (socket?.bytesRead === 0) await once(socket, 'data');
    cxone.close();
    expect(await underWay).toMatchObject({ type: 'uncertain' });
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'unsent' });
  });
});

describe('once another receiver may be active', () => {
  test('nothing is sent: certainly not sent, and CXone is not reported as unreachable', async () => {
    const tenant = await startTenant((_, response) => sendJson(response, 200, {}));
    let maySend = true;
    const { cxone } = startClient(tenant.url, { maySend: () => maySend });
    await cxone.authorize();
    maySend = false;
    const before = tenant.received.length;
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'unsent', httpStatus: 0 });
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: false });
    expect(tenant.received).toHaveLength(before);
    expect(cxone.connectionProblems()).toEqual([]);
  });

  test('nothing is sent over a connection that was being opened then: certainly not sent', async () => {
    const tenant = await startTenant((_, response) => sendJson(response, 200, {}));
    let asked = 0;
    let isReplacedNext = false;
    const maySend = () => {
      if (isReplacedNext) asked += 1;
      return asked < 2;
    };
    const { cxone } = startClient(tenant.url, { maySend });
    await cxone.authorize();
    const before = tenant.received.length;
    isReplacedNext = true;
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
      type: 'unsent',
      message: expect.stringContaining('another receiver may be active'),
    });
    expect(asked).toBe(2);
    expect(tenant.received).toHaveLength(before);
  });
});
