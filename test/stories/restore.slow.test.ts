// Disaster recovery with real processes: a backup under load, a loss, a restore, and the open executions continue.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createSignedUrls } from '../../src/callbacks/signed-url.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { type Running, run } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';

const KEY = 'the-shop-key-0123456789';

interface Backed {
  readonly correlation_id: string;
  readonly status: string;
  readonly attempts: number;
}

async function environment(simulator: Simulator, folder: string): Promise<Record<string, string>> {
  const [{ url }, port] = [await simulator.listen(), await freePort()];
  return {
    CXONE_BASE_URL: url,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    PORT: String(port),
    CALLBACK_SECRET: 'a-secret-for-processes-of-32-characters',
    APP_KEYS: `shop:${KEY}`,
    DATABASE_PATH: join(folder, 'receiver.db'),
    POLL_INTERVAL_SECONDS: '0.3',
    // Few at a time, so that there is a queue at any time of the backup.
    MAX_CONCURRENT: '3',
  };
}

function listening(receiver: Running): Promise<string> {
  return receiver.line((line) => line.includes('"listening"'));
}

function submit(env: Record<string, string>, correlationId: string, simulate: object, more = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${env['PORT']}/v1/executions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      correlationId,
      actionId: 'charge',
      graceSeconds: 1,
      timeoutSeconds: 5,
      inputs: { simulate },
      ...more,
    }),
  });
}

/** Keeps submitting until stopped; returns the accepted submissions. */
function load(env: Record<string, string>): () => Promise<string[]> {
  const acknowledged: string[] = [];
  let going = true;
  const submitter = async (name: number) => {
    for (let i = 0; going; i += 1) {
      const id = `load-${name}-${i}`;
      // A third runs long enough to be open at the backup and after the restore; of another third the callback is lost.
      const fate = [{ runMs: 100 }, { runMs: 4_000 }, { fate: 'lost-callback', runMs: 100 }][i % 3] ?? {};
      if ((await submit(env, id, fate)).status === 202) acknowledged.push(id);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  };
  const submitters = [0, 1].map(submitter);
  return async () => {
    going = false;
    await Promise.all(submitters);
    return acknowledged;
  };
}

function rowsOf(path: string): Backed[] {
  const sql = new Database(path, { readonly: true });
  try {
    return sql.prepare('SELECT correlation_id, status, attempts FROM executions').all() as Backed[];
  } finally {
    sql.close();
  }
}

/** The execution at CXone, also if the restored receiver does not have it. */
function callbackUrl(env: Record<string, string>, correlationId: string): string {
  const sql = new Database(env['DATABASE_PATH'], { readonly: true });
  try {
    const find = sql.prepare('SELECT reference FROM executions WHERE correlation_id = ?').pluck();
    const urls = createSignedUrls(env['PUBLIC_URL'] as string, [env['CALLBACK_SECRET'] as string]);
    return urls.mint(find.get(correlationId) as string);
  } finally {
    sql.close();
  }
}

async function untilAllEnded(path: string): Promise<void> {
  const sql = new Database(path, { readonly: true });
  onTestFinished(() => void sql.close());
  const open = sql.prepare('SELECT open FROM conservation').pluck();
  while (open.get() !== 0) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(sql.prepare('SELECT difference FROM conservation').pluck().get()).toBe(0);
}

test('after a backup under load, a kill and a restore elsewhere, open executions end, and nothing is sent twice', async () => {
  const folder = temporaryFolder();
  // A busy machine submits more than CXone accepts, too.
  const simulator = createSimulator({ requestsPerSecond: 0, latencyMs: 200, jitterMs: 0 });
  onTestFinished(() => simulator.close());
  const env = await environment(simulator, folder);
  const backup = join(folder, 'backup.db');

  const first = run(['start'], env);
  await listening(first);
  const stopLoad = load(env);
  const count = (status: string) =>
    rowsOf(env['DATABASE_PATH'] as string).filter((row) => row.status === status).length;
  const isLoaded = () => Math.min(count('QUEUED') / 10, count('PENDING') / 5) >= 1;
  await expect.poll(isLoaded, { timeout: 60_000 }).toBe(true);
  const beforeBackup = rowsOf(env['DATABASE_PATH'] as string).length;
  const made = await run(['backup', backup], env).finished;
  expect([made.code, made.stderr]).toEqual([0, '']);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const acknowledged = await stopLoad();
  // Accepted, sent, and missing from the backup.
  await submit(env, 'after-the-backup', { fate: 'lost-callback' }, { priority: 9 });
  await expect.poll(() => simulator.execution('after-the-backup')?.runs, { timeout: 30_000 }).toBe(1);
  first.child.kill('SIGKILL');
  await first.finished;
  const unknown = callbackUrl(env, 'after-the-backup');

  const backed = rowsOf(backup);
  const known = new Set(backed.map((row) => row.correlation_id));
  expect(backed.length).toBeGreaterThanOrEqual(beforeBackup);
  expect(known.has('after-the-backup')).toBe(false);
  const of = (status: string) => backed.filter((row) => row.status === status);
  expect(of('QUEUED').length).toBeGreaterThan(0);
  expect(of('PENDING').length).toBeGreaterThan(0);

  const elsewhere = { ...env, DATABASE_PATH: join(folder, 'restored', 'receiver.db') };
  const refused = await run(['restore', backup], elsewhere).finished;
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('make the folder first')]);
  mkdirSync(join(folder, 'restored'));
  const restored = await run(['restore', backup, '--json'], elsewhere).finished;
  expect(restored.stderr).toBe('');
  expect(JSON.parse(restored.stdout)).toMatchObject({ ok: true, held: of('QUEUED').length });

  const second = run(['start'], elsewhere);
  await listening(second);
  await untilAllEnded(elsewhere.DATABASE_PATH);
  await simulator.quiet();

  const ended = new Map(rowsOf(elsewhere.DATABASE_PATH).map((row) => [row.correlation_id, row.status]));
  expect(new Set(ended.keys())).toEqual(known);
  for (const { correlation_id: id } of of('PENDING')) expect([id, ended.get(id)]).toEqual([id, 'COMPLETED']);
  for (const { correlation_id: id } of [...of('QUEUED'), ...of('UNCONFIRMED')]) {
    expect(['COMPLETED', 'TIMEOUT']).toContain(ended.get(id));
  }
  // Also executions that were queued in the backup and sent after it.
  expect(acknowledged.length).toBeGreaterThan(0);
  const sentTwice = simulator.executions().filter(({ posts, runs }) => posts.length > 1 || runs > 1);
  expect(sentTwice.map(({ correlationId }) => correlationId)).toEqual([]);
  const body = '{"status":"COMPLETED"}';
  expect((await fetch(unknown, { method: 'POST', body })).status).toBe(404);

  const verified = await run(['audit', 'verify', '--json'], elsewhere).finished;
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, findings: [] });
  const doctor = await run(['doctor'], elsewhere).finished;
  expect([doctor.code, doctor.stdout]).toEqual([0, expect.not.stringContaining('fail ')]);
  second.child.kill('SIGTERM');
  expect((await second.finished).code).toBe(0);
});
