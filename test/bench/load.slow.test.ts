// The load generator sends each request once, counts every answer, and passes nothing off as one.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createAnswerReader } from '../../bench/load/answers.ts';
import { type Load, type Mode, startLoad } from '../../bench/load/client.ts';
import { writeRequests } from '../../bench/load/requests.ts';
import { keptFolder, temporaryFolder } from '../support/temporary.ts';

const COUNT = 40;
const KEPT: Mode = { kind: 'kept', connections: 8 };
const FRESH: Mode = { kind: 'fresh', inFlight: 8 };

const folder = keptFolder();
const file = join(folder, 'requests');
let load: Load;
beforeAll(async () => {
  const requests = Array.from({ length: COUNT }, (_, n) => ({
    path: `/r/${n}`,
    body: JSON.stringify({ n, text: 'ü' }),
  }));
  expect(await writeRequests(file, requests)).toBe(COUNT);
  load = await startLoad({ scratch: folder, place: null });
});
afterAll(() => load.stop());

interface Served {
  readonly port: number;
  readonly paths: readonly string[];
  readonly bodies: readonly unknown[];
  readonly sockets: () => number;
  readonly heads: readonly IncomingMessage['headers'][];
}

type Answering = (response: ServerResponse, nth: number) => void;

async function serve(answer: Answering = (response) => response.end('{}')): Promise<Served> {
  const paths: string[] = [];
  const bodies: unknown[] = [];
  const heads: IncomingMessage['headers'][] = [];
  let sockets = 0;
  const server = createServer(async (request, response) => {
    heads.push(request.headers);
    paths.push(request.url ?? '');
    const text = Buffer.concat(await request.toArray()).toString();
    bodies.push(JSON.parse(text));
    answer(response, bodies.length - 1);
  });
  server.on('connection', () => {
    sockets += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, paths, bodies, heads, sockets: () => sockets };
}

const order = (port: number | readonly number[], mode: Mode) => ({
  port,
  file,
  from: 0,
  most: COUNT,
  mode,
  seconds: 20,
});

describe('every request is sent once and its answer counted', () => {
  test.for([
    ['over kept connections', KEPT, 8],
    ['on a connection of its own', FRESH, COUNT],
    ['at a rate', { kind: 'open', perSecond: 1000, connections: 4 } satisfies Mode, 4],
  ] as const)('%s', async ([, mode, sockets]) => {
    const served = await serve();
    const outcome = await load.run({ ...order(served.port, mode), headers: { authorization: 'Bearer k' } });
    expect(outcome).toMatchObject({ requests: COUNT, non2xx: 0, others: {} });
    expect(outcome.latencies).toHaveLength(COUNT);
    expect(outcome.latencies.every((latency) => latency > 0)).toBe(true);
    expect(outcome.seconds).toBeGreaterThan(0);
    expect(new Set(served.paths).size).toBe(COUNT);
    expect(served.bodies.map((body) => (body as { n: number }).n).sort((a, b) => a - b)).toEqual(
      Array.from({ length: COUNT }, (_, n) => n),
    );
    expect(served.sockets()).toBe(sockets);
    expect(new Set(served.heads.map((head) => head.authorization))).toEqual(new Set(['Bearer k']));
    expect(new Set(served.heads.map((head) => head.connection))).toEqual(
      new Set([mode.kind === 'fresh' ? 'close' : undefined]),
    );
  });
});

test('the connections are spread evenly over several servers', async () => {
  const served = [await serve(), await serve()];
  const ports = served.map(({ port }) => port);
  const outcome = await load.run(order(ports, KEPT));
  expect(outcome).toMatchObject({ requests: COUNT, non2xx: 0 });
  expect(served.map(({ sockets }) => sockets())).toEqual([4, 4]);
  expect(new Set(served.flatMap(({ paths }) => paths)).size).toBe(COUNT);
});

test('a run continues where the one before ended', async () => {
  const served = await serve();
  const first = await load.run({ ...order(served.port, KEPT), most: 15 });
  const second = await load.run({ ...order(served.port, KEPT), from: first.requests });
  expect([first.requests, second.requests]).toEqual([15, COUNT - 15]);
  expect(new Set(served.paths).size).toBe(COUNT);
  await expect(load.run({ ...order(served.port, KEPT), from: COUNT })).rejects.toThrow('no requests are left');
});

test('nothing is sent after the end of the slice, and what is in flight is waited for', async () => {
  // A busy machine sends on each connection within the slice.
  const served = await serve((response) => setTimeout(() => response.end('{}'), 1_500));
  const outcome = await load.run({ ...order(served.port, KEPT), seconds: 1 });
  expect(outcome).toMatchObject({ requests: 8, non2xx: 0 });
  expect(outcome.seconds).toBeGreaterThan(1.4);
});

test('responses other than 2xx are counted by status', async () => {
  const served = await serve((response, nth) => {
    response.statusCode = [200, 404, 202, 503][nth % 4] ?? 500;
    response.end('{}');
  });
  const outcome = await load.run(order(served.port, KEPT));
  expect(outcome).toMatchObject({ requests: COUNT, non2xx: COUNT / 2, others: { 404: COUNT / 4, 503: COUNT / 4 } });
});

test('at a rate, a request that finds no connection free counts from when it was due', async () => {
  const served = await serve((response) => setTimeout(() => response.end('{}'), 20));
  const outcome = await load.run({
    ...order(served.port, { kind: 'open', perSecond: 1000, connections: 1 }),
    most: 10,
  });
  expect(outcome.requests).toBe(10);
  // The tenth was due after 9 ms, and nine others of 20 ms each went before it.
  expect(outcome.latencies.at(-1)).toBeGreaterThan(150);
});

describe('no figure comes of', () => {
  test('a connection that breaks', async () => {
    const served = await serve((response, nth) => (nth === 20 ? response.destroy() : response.end('{}')));
    await expect(load.run(order(served.port, KEPT))).rejects.toThrow(/closed a connection|ECONNRESET/);
  });

  test('a kept connection that the server ends', async () => {
    const served = await serve((response) => response.setHeader('connection', 'close').end('{}'));
    await expect(load.run(order(served.port, KEPT))).rejects.toThrow(/to be kept|closed a connection/);
  });

  test('a response without a detectable end', async () => {
    const served = await serve((response) => {
      response.write('{');
      response.end('}');
    });
    await expect(load.run(order(served.port, KEPT))).rejects.toThrow('without status or Content-Length');
  });

  test('a server that is not there', async () => {
    await expect(load.run(order(1, KEPT))).rejects.toThrow('ECONNREFUSED');
  });
});

test('an answer is whole wherever it was cut on its way', () => {
  const bytes = Buffer.from('HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nConnection: close\r\n\r\n{"a"}');
  for (let cut = 1; cut < bytes.length; cut += 1) {
    const reader = createAnswerReader();
    const landing = Buffer.from(bytes.subarray(0, cut));
    expect(reader.read(landing)).toBeNull();
    // What it was read into is used again.
    landing.fill(0);
    expect(reader.read(bytes.subarray(cut))).toMatchObject({ status: 202, last: true });
  }
  expect(() => createAnswerReader().read(Buffer.concat([bytes, bytes]))).toThrow('more than one response');
});

test('a bench that is killed leaves none of its processes behind', async () => {
  const folder = temporaryFolder();
  const module = JSON.stringify(new URL('../../bench/process.ts', import.meta.url).href);
  const generator = JSON.stringify(new URL('../../bench/load/generator.ts', import.meta.url).pathname);
  const bench = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { startProcess } = await import(${module});
       const child = startProcess({ file: ${generator}, place: null, logFile: ${JSON.stringify(join(folder, 'log'))} });
       await child.message((said) => said.load === 'ready');
       process.stdout.write(String(child.pid));`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void bench.kill('SIGKILL'));
  const [text] = (await once(bench.stdout, 'data')) as [Buffer];
  const pid = Number(text.toString());
  process.kill(pid, 0);
  bench.kill('SIGKILL');
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 10_000);
});
