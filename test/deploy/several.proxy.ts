// nginx and Caddy with the examples for several receivers, in front of one that breaks each connection and one that responds.

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { certificateFor } from '../support/certificate.ts';
import { runCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { PROXIES } from './proxies.ts';

const EXAMPLES: Readonly<Record<string, string>> = {
  nginx: 'nginx/several-receivers.conf',
  Caddy: 'caddy/several-receivers.Caddyfile',
};

/** A server that reads each request to its end, and then responds or breaks the connection. It is ready in both cases. */
async function startUpstream(isBroken: boolean): Promise<{ port: number; received: string[] }> {
  const received: string[] = [];
  const server = createServer(async (request, response) => {
    if (request.url === '/readyz') return void response.end();
    let body = '';
    for await (const chunk of request) body += String(chunk);
    received.push(body);
    if (isBroken) request.socket.destroy();
    else response.end('done');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, received };
}

async function startFront(kind: (typeof PROXIES)[number], upstreams: readonly number[]) {
  const folder = temporaryFolder();
  const port = await freePort();
  const { cert, key } = await certificateFor(['receiver.example.com']);
  writeFileSync(join(folder, 'tls.crt'), cert);
  writeFileSync(join(folder, 'tls.key'), key);
  let example = readFileSync(new URL(`../../deploy/${EXAMPLES[kind.name]}`, import.meta.url), 'utf8');
  const change = (from: string, to: string) => {
    if (!example.includes(from)) throw new Error(`${EXAMPLES[kind.name]} has no ${from}`);
    example = example.replaceAll(from, to);
  };
  kind.configure(change, { port, folder });
  for (const [i, upstream] of upstreams.entries()) change(`10.0.0.1${i + 1}:8080`, `127.0.0.1:${upstream}`);
  const file = join(folder, 'config');
  writeFileSync(file, kind.wrap(example, folder));
  const [program, args] = kind.command(file);
  runCommand(program, args, { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder });
  const dispatcher = new Agent({ connect: { ca: cert } });
  onTestFinished(() => dispatcher.destroy());
  const send = async (method: string, path: string, body?: string) => {
    const init = body === undefined ? {} : { body };
    const response = await fetch(`https://127.0.0.1:${port}${path}`, { method, dispatcher, ...init });
    await response.arrayBuffer();
    return response.status;
  };
  await expect.poll(() => send('GET', '/').catch(() => 0), { timeout: 60_000 }).toBe(200);
  return send;
}

describe.for(PROXIES)('$name in front of several receivers', (kind) => {
  test('passes a receiver over that is gone, and sends no submission twice', async () => {
    const [broken, sound] = [await startUpstream(true), await startUpstream(false)];
    const send = await startFront(kind, [broken.port, sound.port, await freePort()]);
    const submissions = Array.from({ length: 12 }, (_, n) => `submission ${n}`);
    for (const body of submissions) await send('POST', '/v1/executions', body);
    const received = [...broken.received, ...sound.received].filter((body) => body !== '');
    expect(received.toSorted()).toEqual(submissions.toSorted());
    for (let n = 0; n < 12; n += 1) expect(await send('GET', '/v1/executions')).toBe(200);
  });
});

test('nginx sends a callback to another receiver when the first one does not respond', async () => {
  const [broken, sound] = [await startUpstream(true), await startUpstream(false)];
  const [nginx] = PROXIES.filter(({ name }) => name === 'nginx');
  if (nginx === undefined) throw new Error('nginx has no example');
  const send = await startFront(nginx, [broken.port, sound.port, await freePort()]);
  const callbacks = Array.from({ length: 12 }, (_, n) => `callback ${n}`);
  for (const body of callbacks) expect(await send('POST', '/webhook/cxone-execution/token', body)).toBe(200);
  expect(sound.received.filter((body) => body !== '')).toEqual(callbacks);
});
