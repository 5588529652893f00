// The receiver behind the proxies of deploy/: one test for each fault that a proxy can cause.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { frontOf, NGINX, PROXIES } from './proxies.ts';
import { json, type Scene, setScene } from './scene.ts';

const MIB = 1024 * 1024;

const submission = (more: object = {}) => ({ actionId: 'charge', ...more });

function sized(bytes: number): string {
  return JSON.stringify(submission({ inputs: { text: 'x'.repeat(bytes) } }));
}

/** Submits until stopped; returns all responses. */
async function loadOf(scene: Scene, caller: number, stopped: () => boolean) {
  const accepted: string[] = [];
  const failures: unknown[] = [];
  const ask = async (method: string, path: string, options: Parameters<Scene['call']>[2] = {}) => {
    try {
      const { status, body } = await scene.call(method, path, options);
      if (status !== 200 && status !== 202) failures.push({ method, path, status, body });
      else if (method === 'POST') accepted.push(body.correlationId);
    } catch (error) {
      failures.push({ method, path, error: String(error) });
    }
  };
  for (let n = 0; !stopped(); n += 1) {
    const id = `load-${caller}-${n}`;
    const prefer = n % 3 === 0 ? { prefer: 'wait=5' } : {};
    await ask('POST', '/v1/executions', { body: submission({ correlationId: id }), ...prefer });
    await ask('GET', `/v1/executions/${id}`, prefer);
    await sleep(10);
  }
  return { accepted, failures };
}

async function untilSubmitted(stream: { readonly body: AsyncIterable<unknown> | null }): Promise<string> {
  let text = '';
  for await (const chunk of stream.body ?? []) {
    text += new TextDecoder().decode(chunk as Uint8Array);
    if (text.includes('event: SUBMITTED')) break;
  }
  return text;
}

describe.for(PROXIES)('behind $name', (kind) => {
  test('an execution is accepted, its callback arrives over TLS, and its outcome is returned', async () => {
    const scene = await setScene(kind, { callsBack: true });
    const { status, body } = await scene.call('POST', '/v1/executions', { body: submission(), prefer: 'wait=30' });
    expect([status, body.status, body.resolvedBy]).toEqual([200, 'COMPLETED', 'callback']);
    await expect.poll(() => scene.callbacks).toEqual([200]);
  });

  test('below a path that the proxy strips, callbacks, Location, pages, assets and redirects work', async () => {
    const operator = 'the-operator-key-0123456789';
    const scene = await setScene(kind, { callsBack: true, below: true, env: { OPERATOR_KEYS: `alice:${operator}` } });
    const submitted = await scene.call('POST', '/cx/v1/executions', { body: submission(), prefer: 'wait=30' });
    expect([submitted.status, submitted.body.resolvedBy]).toEqual([200, 'callback']);
    expect(scene.executes.map(({ callback }) => callback)).toEqual([expect.stringMatching(/^\/cx\/webhook\//)]);
    await scene.call('POST', '/cx/v1/executions', { body: submission({ correlationId: 'order-1' }) });
    const accepted = await scene.call('POST', '/cx/v1/executions', { body: submission({ correlationId: 'order-1' }) });
    const location = accepted.headers.get('location') ?? '';
    expect([location, (await scene.call('GET', location)).body.correlationId]).toEqual([
      '/cx/v1/executions/order-1',
      'order-1',
    ]);

    const headers = { authorization: `Basic ${btoa(`alice:${operator}`)}` };
    const seen: string[] = [];
    for (const start of ['/cx', '/cx/', '/cx/docs', '/cx/console/executions', '/cx/console/executions/order-1']) {
      const page = await scene.front.fetch(start, { headers });
      expect([start, page.status]).toEqual([start, 200]);
      const links = [...(await page.text()).matchAll(/ (?:href|src)="(\/[^"]*)"/g)].map(([, link = '']) => link);
      for (const link of links.map((one) => one.replaceAll('&amp;', '&'))) {
        if (seen.includes(link)) continue;
        seen.push(link);
        const response = await scene.front.fetch(link, { headers, redirect: 'manual' });
        await response.arrayBuffer();
        expect([link, response.status]).toEqual([expect.stringMatching(/^\/cx\//), 200]);
      }
    }
    expect(seen).toEqual(
      expect.arrayContaining(['/cx/', '/cx/console/style.css', '/cx/console/script.js', '/cx/docs']),
    );
    const tidied = await scene.front.fetch('/cx/console/executions?app=', { headers, redirect: 'manual' });
    expect([tidied.status, tidied.headers.get('location')]).toEqual([303, '/cx/console/executions']);
    const document = (await (await scene.front.fetch('/cx/openapi.json')).json()) as { servers: { url: string }[] };
    expect(document.servers.map(({ url }) => url)).toEqual(['/cx']);
    const stream = await scene.front.fetch('/cx/v1/executions/order-1/events', json('GET', undefined));
    expect([stream.status, stream.headers.get('content-type')]).toEqual([200, expect.stringMatching(/event-stream/)]);
    await stream.body?.cancel();
  });

  test('the address of a client is the one that the proxy saw, whatever the client states', async () => {
    const scene = await setScene(kind, { env: { CALLBACK_ALLOWED_IPS: '127.0.0.2' } });
    const { body } = await scene.call('POST', '/v1/executions', { body: submission() });
    const { callback } = await scene.executed(body.correlationId);
    const post = (from: string, headers: Record<string, string> = {}) =>
      scene.front.fetch(callback, json('POST', { status: 'COMPLETED' }, headers), from).then(({ status }) => status);
    expect(await post('127.0.0.1')).toBe(404);
    expect(await post('127.0.0.1', { 'x-forwarded-for': '127.0.0.2' })).toBe(404);
    expect(await post('127.0.0.1', { 'x-forwarded-for': '127.0.0.2, 127.0.0.2' })).toBe(404);
    expect(await post('127.0.0.2', { 'x-forwarded-for': '192.0.2.1' })).toBe(200);
  });

  test('a body that is too large gets a problem document, also when the proxy refuses it', async () => {
    const scene = await setScene(kind);
    const own = await scene.call('POST', '/v1/executions', { body: sized(2 * MIB) });
    const larger = await scene.call('POST', '/v1/executions', { body: sized(12 * MIB) });
    for (const { status, headers, body } of [own, larger]) {
      expect(status).toBe(413);
      expect(headers.get('content-type')).toBe('application/problem+json');
      expect(body).toMatchObject({ type: 'urn:cxone-callback-receiver:problem:body-too-large', status: 413 });
    }
    expect(own.headers.get('x-request-id')).not.toBeNull();
    // nginx refuses the larger ones; Caddy has no limit of its own.
    if (kind.name === 'nginx') expect(larger.headers.get('x-request-id')).toBeNull();

    const batch = {
      executions: Array.from({ length: 9 }, () => submission({ inputs: { text: 'x'.repeat(MIB - 4096) } })),
    };
    const { status, body } = await scene.call('POST', '/v1/executions/batch', { body: batch });
    expect([status, body.accepted]).toEqual([200, 9]);
  });

  test('a callback that is too large is reported to the receiver, so that CXone is polled at once', async () => {
    const scene = await setScene(kind);
    const { body } = await scene.call('POST', '/v1/executions', { body: submission() });
    const { callback } = await scene.executed(body.correlationId);
    const { status } = await scene.front.fetch(callback, json('POST', sized(2 * MIB)));
    expect(status).toBe(413);
    const trail = await scene.call('GET', `/v1/executions/${body.correlationId}/audit`);
    expect(trail.body.items.map(({ event }: { event: string }) => event)).toContain('CALLBACK_UNREADABLE');
  });

  test('connections are reused for idempotent requests, and new for the others', async () => {
    const seen: { method: string; port: number }[] = [];
    const receiver = createServer((request, response) => {
      seen.push({ method: request.method ?? '', port: request.socket.remotePort ?? 0 });
      response.end();
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      receiver.closeAllConnections();
      receiver.close();
    });
    const front = await frontOf(kind);
    await front.passTo((receiver.address() as AddressInfo).port);
    seen.length = 0;
    for (let n = 0; n < 10; n += 1) {
      for (const method of ['GET', 'POST']) await (await front.fetch('/', { method })).arrayBuffer();
    }
    const connections = (method: string) =>
      new Set(seen.filter((one) => one.method === method).map(({ port }) => port));
    // More than one worker of a proxy may have a connection of its own.
    expect(connections('GET').size).toBeLessThan(5);
    expect(connections('POST').size).toBe(10);
    expect([...connections('POST')].filter((port) => connections('GET').has(port))).toEqual([]);
  });

  test('events arrive as they happen, while their stream is open', async () => {
    const scene = await setScene(kind);
    const stream = await scene.front.fetch('/v1/events', json('GET', undefined));
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const { body } = await scene.call('POST', '/v1/executions', { body: submission() });
    expect(await untilSubmitted(stream)).toContain(body.correlationId);
  });

  test('events arrive as they happen, also where the proxy compresses', async () => {
    const scene = await setScene(kind, { compresses: true });
    const list = await scene.call('GET', '/v1/executions');
    expect(list.headers.get('content-encoding')).toBe('gzip');
    const stream = await scene.front.fetch('/v1/events', json('GET', undefined));
    expect(stream.headers.get('cache-control')).toBe('no-store, no-transform');
    const { body } = await scene.call('POST', '/v1/executions', { body: submission() });
    expect(await untilSubmitted(stream)).toContain(body.correlationId);
  });

  test('no request and no callback fails while the receiver is restarted on a socket of its unit', async () => {
    const scene = await setScene(kind, { callsBack: true, activated: true });
    let over = false;
    const load = Promise.all([0, 1, 2, 3].map((caller) => loadOf(scene, caller, () => over)));
    const served = () => scene.executes.length;
    const moreServed = () => expect.poll(served, { timeout: 60_000 }).toBeGreaterThan(served() + 7);
    for (let restarts = 0; restarts < 3; restarts += 1) {
      await moreServed();
      await scene.activated?.restart();
    }
    await moreServed();
    over = true;
    const results = await load;
    const accepted = results.flatMap((one) => one.accepted);
    expect(results.flatMap((one) => one.failures)).toEqual([]);
    expect(accepted.length).toBeGreaterThan(20);
    await expect.poll(() => scene.callbacks.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(accepted.length);
    expect(scene.callbacks.filter((status) => status !== 200)).toEqual([]);
    expect(scene.activated?.failures()).toBe(0);
    // Each ran once, and each outcome is stored.
    expect(scene.executes.map(({ correlationId }) => correlationId).toSorted()).toEqual(accepted.toSorted());
    for (const id of accepted) expect((await scene.call('GET', `/v1/executions/${id}`)).body.status).toBe('COMPLETED');
  }, 180_000);
});

test('nginx forwards a callback that arrived completely, although its sender closed the connection before the response', async () => {
  const scene = await setScene(NGINX);
  const { body } = await scene.call('POST', '/v1/executions', { body: submission() });
  const { callback } = await scene.executed(body.correlationId);
  const { port } = new URL(scene.front.url);
  const socket = connect({
    port: Number(port),
    host: '127.0.0.1',
    ca: scene.front.certificate.cert,
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  const head = `POST ${callback} HTTP/1.1\r\nhost: receiver.example.com\r\ncontent-type: application/json\r\n`;
  const result = '{"status":"COMPLETED"}';
  socket.end(`${head}content-length: ${result.length}\r\nconnection: close\r\n\r\n${result}`, () => socket.destroy());
  const { body: execution } = await scene.call('GET', `/v1/executions/${body.correlationId}`, { prefer: 'wait=20' });
  expect([execution.status, execution.resolvedBy]).toEqual(['COMPLETED', 'callback']);
});

test('without a receiver nginx answers with a problem document', async () => {
  const [nginx] = PROXIES;
  if (nginx === undefined) throw new Error('no proxy');
  const front = await frontOf(nginx);
  await front.passTo(1);
  const answer = await front.fetch('/v1/executions/x');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'application/problem+json']);
  expect(await answer.json()).toMatchObject({ status: 502, title: 'Bad Gateway' });
});
