// An HTTP proxy on a loopback port: tunnels and absolute URLs, with credentials or rejections if a test wants them.

import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TestProxy {
  readonly url: string;
  /** `CONNECT host:port` and `METHOD absolute-URL`, in order of arrival, also of rejected requests. */
  readonly requests: string[];
}

export interface TestProxyOptions {
  /** `user:password` without which every request gets 407. */
  readonly credentials?: string;
  /** The status with which every request is rejected. */
  readonly rejectWith?: number;
  /** The port on 127.0.0.1 to which every host leads, as if the proxy resolved the names; default: the host itself. */
  readonly port?: number;
}

/** Serves until the end of the test. */
export async function startProxy({ credentials, rejectWith, port }: TestProxyOptions = {}): Promise<TestProxy> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();

  function statusOf({ headers }: IncomingMessage): number | null {
    if (rejectWith !== undefined) return rejectWith;
    if (credentials === undefined) return null;
    const expected = `Basic ${Buffer.from(credentials).toString('base64')}`;
    return headers['proxy-authorization'] === expected ? null : 407;
  }

  const server = createServer((incoming, response) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const status = statusOf(incoming);
    if (status !== null) {
      response.writeHead(status).end('rejected by the proxy');
      return;
    }
    const target = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    const place = port === undefined ? {} : { host: '127.0.0.1', port };
    const outgoing = forward({
      ...{ host: target.hostname, port: target.port, ...place },
      ...{ method: incoming.method ?? 'GET', path: target.pathname + target.search, headers },
    });
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.on('connection', (socket) => void sockets.add(socket.on('error', () => {})));
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    requests.push(`CONNECT ${incoming.url}`);
    const status = statusOf(incoming);
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const target = new URL(`tunnel://${incoming.url}`);
    const outgoing = connect(port ?? Number(target.port), port === undefined ? target.hostname : '127.0.0.1');
    sockets.add(outgoing);
    outgoing.on('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      outgoing.pipe(socket).pipe(outgoing);
    });
    outgoing.on('error', () => socket.destroy());
    socket.on('close', () => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
