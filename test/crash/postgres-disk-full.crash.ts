// A full disk of PostgreSQL: receivers refuse what cannot be stored, are not ready, recover by themselves, and lose nothing.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { createSignedUrls } from '../../src/callbacks/signed-url.ts';
import { type Cluster, findPostgres, startCluster } from '../../src/demo/cluster/postgres-server.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import { command } from '../cli/harness.ts';
import { becomes } from '../cluster/budget.ts';
import { createReceiver } from '../cluster/receivers.ts';
import { say } from './budget.ts';
import { fill, tinyDisk } from './tiny-disk.ts';

const APP_KEY = 'the-shop-key-0123456789';
const OPERATOR_KEY = 'the-operator-key-0123456789';
const SECRET = 'a-secret-for-full-disks-of-32-characters';
/** A new cluster has about 40 MB, and each segment of the write-ahead log 16. */
const DISK_MB = 160;
const LARGE_BYTES = 200_000;
/** Requests of each kind to each receiver while the disk is full, and the pause between them. */
const ROUNDS = 15;
const ROUND_MS = 100;

/** It does not compress. */
const filling = () => randomBytes(LARGE_BYTES / 2).toString('hex');

async function setStage() {
  const disk = tinyDisk(DISK_MB);
  const postgres = await startCluster(disk, { settings: { shared_buffers: '32MB' } });
  onTestFinished(postgres.stop);
  // An unused slot keeps the write-ahead log, as on a server of which a standby is gone: no segment of it makes room.
  await onServer(postgres, "SELECT pg_create_physical_replication_slot('kept', true)");
  const simulator = createSimulator({ latencyMs: 0, jitterMs: 0, requestsPerSecond: 0 });
  onTestFinished(() => simulator.close());
  const { url: cxoneUrl } = await simulator.listen();
  const { user, password, port } = postgres.connection;
  const databaseUrl = `postgres://${user}:${password}@127.0.0.1:${port}/postgres`;
  const ports = [await freePort(), await freePort()];
  const env = {
    ...{ CXONE_BASE_URL: cxoneUrl, CXONE_CLIENT_ID: 'simulator', CXONE_CLIENT_SECRET: 'simulator-secret' },
    ...{ PUBLIC_URL: `http://127.0.0.1:${ports[0]}`, CALLBACK_SECRET: SECRET, DATABASE_URL: databaseUrl },
    ...{ APP_KEYS: `shop:${APP_KEY}`, OPERATOR_KEYS: `alice:${OPERATOR_KEY}`, LOG_LEVEL: 'warn' },
    ...{ RATE_LIMIT_PER_SECOND: '500', MAX_CONCURRENT: '50' },
  };
  for (const one of ports) await createReceiver(one, env, OPERATOR_KEY).start();
  return { disk, postgres, databaseUrl, urls: ports.map((one) => `http://127.0.0.1:${one}`) };
}

/** @throws when the server ends the connection, or there is none. */
async function onServer({ connection }: Cluster, text: string): Promise<void> {
  const client = new Client(connection);
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end().catch(() => {});
  }
}

const headers = { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' };
const get = (url: string, path: string) => fetch(url + path, { headers });

function submit(url: string, inputs: object): Promise<Response> {
  const simulate = { callbacks: [], runMs: 600_000 };
  const body = JSON.stringify({ actionId: 'charge', graceSeconds: 600, inputs: { simulate, ...inputs } });
  return fetch(`${url}/v1/executions`, { method: 'POST', headers, body });
}

/** For an execution without a correlation id of the app, that is its reference. */
function callBack(url: string, reference: string, result: string): Promise<Response> {
  const body = JSON.stringify({ status: 'COMPLETED', result });
  return fetch(createSignedUrls(url, [SECRET]).mint(reference), { method: 'POST', body });
}

async function accept(url: string): Promise<string> {
  const answer = await submit(url, {});
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { correlationId: string }).correlationId;
}

async function refused(answer: Response, type: string): Promise<void> {
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  expect(await answer.json()).toMatchObject({ type: expect.stringContaining(type) });
}

/** Each large request is refused at each receiver, and none of them is ready. */
async function expectRefusals(urls: readonly string[], reference: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const url of urls) {
      await refused(await submit(url, { filling: filling() }), 'store-unavailable');
      await refused(await callBack(url, reference, filling()), 'store-unavailable');
      await refused(await get(url, '/readyz'), 'not-ready');
      expect((await get(url, '/livez')).status).toBe(200);
    }
    await sleep(ROUND_MS);
  }
}

/** Prints how long that took. */
async function becomeReady(urls: readonly string[], since: number): Promise<void> {
  const statuses = () => Promise.all(urls.map(async (url) => (await get(url, '/readyz')).status));
  await becomes('all receivers are ready', statuses, (all) => all.every((status) => status === 200));
  say(`all receivers were ready after ${Math.round(performance.now() - since)} ms`);
}

test.skipIf(findPostgres() === null)(
  'while the disk of PostgreSQL is full, and when it has no room for the write-ahead log, nothing acknowledged is lost',
  { timeout: 900_000 },
  async () => {
    const { disk, postgres, databaseUrl, urls } = await setStage();
    const [first = ''] = urls;
    const accepted: string[] = [];
    for (let n = 0; n < 20; n += 1) accepted.push(await accept(urls[n % 2] ?? ''));
    const [reference = ''] = accepted;

    say('the disk is full');
    let makeRoom = fill(disk);
    await expectRefusals(urls, reference);
    expect((await get(first, '/v1/executions')).status).toBe(200);
    say('there is room for small writes only');
    makeRoom(64 * 1024);
    await expectRefusals(urls, reference);
    let since = performance.now();
    makeRoom();
    await becomeReady(urls, since);
    for (const url of urls) expect((await submit(url, { filling: filling() })).status).toBe(202);
    for (let n = 0; n < 20; n += 1) accepted.push(await accept(urls[n % 2] ?? ''));

    say('the write-ahead log has no room, and the server ends');
    makeRoom = fill(disk);
    const runs = () => existsSync(join(disk, 'cluster', 'postmaster.pid'));
    const nextSegment = "SELECT pg_logical_emit_message(false, 'filling', 'x'); SELECT pg_switch_wal()";
    await becomes(
      'the server has ended',
      async () => {
        await onServer(postgres, nextSegment).catch(() => {});
        return runs();
      },
      (still) => !still,
    );
    await expectRefusals(urls, reference);
    makeRoom();
    await postgres.crash();
    since = performance.now();
    await becomeReady(urls, since);

    for (const [n, id] of accepted.entries()) expect((await callBack(urls[n % 2] ?? '', id, id)).status).toBe(200);
    for (const id of accepted) {
      expect(await (await get(first, `/v1/executions/${id}`)).json()).toMatchObject({
        status: 'COMPLETED',
        result: id,
      });
    }
    const { code, out } = await command('audit verify', { DATABASE_URL: databaseUrl });
    expect([code, out]).toEqual([0, expect.stringContaining('rows: agree with the trail')]);
    say(`PostgreSQL ${postgres.version}: acknowledged ${accepted.length}, lost 0`);
  },
);
