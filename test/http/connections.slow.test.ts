// Ten thousand silent connections, and ten thousand waits, on the only port of the real program: callbacks are still answered.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createSignedUrls } from '../../src/callbacks/signed-url.ts';
import { readFileDescriptors } from '../../src/http/server/connection-limits.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import { eventually } from '../support/eventually.ts';
import { run } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';

const CONNECTIONS = 10_000;
/** The connections that may be open: a busy machine opens as many before the first ones have been silent for too long. */
const MAX_SILENT = 4_000;
/** Each address has a quarter of the connections without a request: a whole listener needs several. */
const ADDRESSES = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6'];
/** Of connections that are opened at the same time. */
const AT_ONCE = 250;
const APP_KEY = 'the-shop-key-0123456789';
const OPERATOR_KEY = 'the-operator-key-0123456789';
const SECRET = 'a-secret-for-processes-of-32-characters';
const TIMEOUT_MS = 300_000;

/** The client and the receiver are processes of their own: each needs descriptors for all connections. */
const NEEDED_DESCRIPTORS = 18_000;
const { limit = Number.POSITIVE_INFINITY } = readFileDescriptors() ?? {};
const hasDescriptors = limit >= NEEDED_DESCRIPTORS;
if (!hasDescriptors)
  process.stderr.write(`left out: ten thousand connections need ulimit -n ${NEEDED_DESCRIPTORS}; it is ${limit}\n`);

async function startProgram(more: Record<string, string> = {}) {
  const simulator = createSimulator();
  onTestFinished(() => simulator.close());
  const { url: cxone } = await simulator.listen();
  const receiver = run(['start'], {
    CXONE_BASE_URL: cxone,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: 'http://127.0.0.1:1',
    PORT: '0',
    CALLBACK_SECRET: SECRET,
    APP_KEYS: `shop:${APP_KEY}`,
    OPERATOR_KEYS: `alice:${OPERATOR_KEY}`,
    DATABASE_PATH: join(temporaryFolder(), 'receiver.db'),
    ...more,
  });
  const url: string = JSON.parse(await receiver.line((line) => line.includes('"listening"'))).url;
  const submit = async () => {
    const response = await fetch(`${url}/v1/executions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ actionId: 'charge', graceSeconds: 3600, inputs: { simulate: 'lost-callback' } }),
    });
    return ((await response.json()) as { correlationId: string }).correlationId;
  };
  return { receiver, port: Number(new URL(url).port), url, submit };
}

/** Opens connections, some of them at a time. The result loses those that the receiver closes. */
async function open(port: number, count: number, first: (index: number) => string | null): Promise<Set<Socket>> {
  const sockets = new Set<Socket>();
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - begun) }, async (_, index) => {
        const localAddress = ADDRESSES[index % ADDRESSES.length] as string;
        const socket = connect({ host: '127.0.0.1', port, localAddress });
        sockets.add(socket);
        // A connection that is reset was closed by the receiver.
        socket.on('error', () => {});
        socket.once('close', () => sockets.delete(socket));
        socket.resume();
        await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
        const text = first(begun + index);
        if (text !== null) socket.write(text);
      }),
    );
  }
  return sockets;
}

/** One callback, on a connection of its own. Returns the response without its body. */
async function callBack(port: number, path: string): Promise<string> {
  const body = '{"status":"COMPLETED","result":1}';
  const socket = connect({ host: '127.0.0.1', port });
  let received = '';
  socket.setEncoding('utf8').on('data', (text) => {
    received += text;
  });
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
  await once(socket, 'close');
  return received.slice(0, received.indexOf('\r\n'));
}

/** The receiver has chosen the ids: each is the reference in its callback URL. */
function pathsOf(url: string, ids: readonly string[]): string[] {
  const urls = createSignedUrls(url, [SECRET]);
  return ids.map((id) => new URL(urls.mint(id)).pathname);
}

test.runIf(hasDescriptors)(
  'ten thousand silent connections from five networks, on one port: callbacks on new connections are answered',
  { timeout: TIMEOUT_MS },
  async () => {
    const { receiver, port, url, submit } = await startProgram({ MAX_CONNECTIONS: String(MAX_SILENT) });
    const ids = await Promise.all(Array.from({ length: 20 }, submit));
    const paths = pathsOf(url, ids);
    const silent = await open(port, CONNECTIONS, () => null);
    for (const path of paths) expect(await callBack(port, path)).toBe('HTTP/1.1 200 OK');
    await eventually(() => silent.size <= MAX_SILENT);
    const metrics = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${OPERATOR_KEY}` } });
    expect(await metrics.text()).toMatch(/^cxone_receiver_connections_closed_total\{reason="displaced"\} [1-9]/m);
    await receiver.line((line) => line.includes('connections are closed, because there are too many'));
  },
);

test.runIf(hasDescriptors)(
  'ten thousand waits of one app, on one port: callbacks on new connections are answered',
  { timeout: TIMEOUT_MS },
  async () => {
    const { port, url, submit } = await startProgram();
    const ids = await Promise.all(Array.from({ length: 21 }, submit));
    const [waitedFor = '', ...others] = ids;
    const paths = pathsOf(url, others);
    const request = `GET /v1/executions/${waitedFor} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${APP_KEY}\r\nprefer: wait=60\r\n\r\n`;
    await open(port, CONNECTIONS, () => request);
    for (const path of paths) expect(await callBack(port, path)).toBe('HTTP/1.1 200 OK');
  },
);
