// Connections that the server closes while they are idle: a submission never meets one, and a poll is sent again.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { certificateFor } from '../support/certificate.ts';
import { anExecution } from '../support/executions.ts';
import { sendJson, startRaw, startUpstream } from '../support/upstream.ts';
import { aPolled, CALLBACK_URL, startClient, startTenant } from './harness.ts';

const RUNNING = 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"status":"RUNNING"}';
const ACCEPTED = 'HTTP/1.1 202 Accepted\r\nContent-Length: 21\r\n\r\n{"executionId":"e-1"}';

/** Responds to the first request of a connection, and does with each later one what the test says. */
function firstOnly(onLater: (socket: Socket) => void) {
  const requests: string[] = [];
  const serve = (socket: Socket) => {
    let served = false;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const head = data.toString();
      requests.push(head.slice(0, 4));
      if (served) return onLater(socket);
      served = true;
      socket.write(head.startsWith('POST') ? ACCEPTED : RUNNING);
    });
  };
  return { requests, serve };
}

async function clientOf(url: string) {
  const tenant = await startTenant(() => {});
  return startClient(url, { tokenUrl: `${tenant.url}/api/v2/oauth/token` }).cxone;
}

/** A connection is free for the next request a moment after the response was read. */
const idle = () => new Promise((resolve) => setImmediate(resolve));

describe('a server that closes a connection when the second request arrives on it', () => {
  test.each([
    ['resets it', (socket: Socket) => socket.resetAndDestroy()],
    ['closes it', (socket: Socket) => socket.end()],
  ])('%s: a submission has a connection of its own, a poll is sent again once', async (_, onLater) => {
    const { requests, serve } = firstOnly(onLater);
    const server = await startRaw(serve);
    const cxone = await clientOf(server.url);
    for (const correlationId of ['a', 'b', 'c']) {
      expect(await cxone.execute(anExecution({ correlationId }), CALLBACK_URL)).toMatchObject({ type: 'submitted' });
      await idle();
    }
    expect(server.sockets).toHaveLength(3);
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'polled' });
    await idle();
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'polled' });
    expect(await cxone.execute(anExecution({ correlationId: 'd' }), CALLBACK_URL)).toMatchObject({ type: 'submitted' });
    expect(requests).toEqual(['POST', 'POST', 'POST', 'GET ', 'GET ', 'GET ', 'POST']);
  });

  test('over TLS as well', async () => {
    const { cert, key } = await certificateFor(['localhost']);
    const { requests, serve } = firstOnly((socket) => socket.end());
    const server = createTlsServer({ cert, key }, serve);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const trusted = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    onTestFinished(() => {
      if (trusted === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = trusted;
    });
    const cxone = await clientOf(`https://127.0.0.1:${port}`);
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'polled' });
    await idle();
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'polled' });
    expect(requests).toEqual(['GET ', 'GET ', 'GET ']);
  });
});

test('a poll whose kept-alive connection breaks within the response is not sent again', async () => {
  const { requests, serve } = firstOnly((socket) => socket.end('HTTP/1.1 200 O'));
  const cxone = await clientOf((await startRaw(serve)).url);
  await cxone.poll(aPolled('e-1'));
  await idle();
  expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: true, httpStatus: 0 });
  expect(requests).toHaveLength(2);
});

test('a poll that fails on a new connection is not sent again', async () => {
  const server = await startRaw((socket) => socket.once('data', () => socket.destroy()));
  const cxone = await clientOf(server.url);
  expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: true });
  expect(server.sockets).toHaveLength(1);
});

test('a response with 60 KiB of headers is read', async () => {
  const tenant = await startUpstream(({ url }, response) => {
    const headers = url.endsWith('token') ? {} : { 'set-cookie': 'c'.repeat(60 * 1024) };
    sendJson(response, 200, { access_token: 't', executionId: 'e-1', status: 'RUNNING' }, headers);
  });
  const { cxone } = startClient(tenant.url);
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted', executionId: 'e-1' });
  expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'polled' });
});
