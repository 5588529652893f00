// `backup` and `restore`: a copy that is sound or none at all, and nothing overwritten.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../src/lib/world.ts';
import { anExecution } from '../support/executions.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { dropGuards } from '../support/writable-views.ts';
import { command, fill, openStore, writtenDatabase } from './harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

function count(path: string, table = 'executions'): number {
  const sql = new Database(path, { readonly: true });
  try {
    return sql.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  } finally {
    sql.close();
  }
}

describe('backup', () => {
  test('copies what is committed into one private file, triggers and all, and says what is in it', async () => {
    const path = await writtenDatabase();
    const target = join(temporaryFolder(), 'copy.db');
    const { code, out } = await command(`backup ${target}`, { DATABASE_PATH: path });
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/10 executions \(0 open\), 20 audit entries through 20, verified/),
    ]);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    const sql = new Database(target);
    onTestFinished(() => void sql.close());
    expect(sql.pragma('application_id', { simple: true })).toBe(0x43585243);
    expect(() => sql.exec('DELETE FROM audit_rows')).toThrow(/append-only/);
    expect(readdirSync(join(target, '..')).filter((name) => !name.startsWith('copy.db'))).toEqual([]);
  });

  test('ends while the receiver writes without a pause, with all that was there when it began', async () => {
    const { store, path } = openStore();
    onTestFinished(() => store.close());
    await fill(store, 2_000);
    const target = join(temporaryFolder(), 'copy.db');
    let writing = true;
    const load = (async () => {
      while (writing) await fill(store, 50);
    })();
    // In a process of its own, as operators do: in this one nothing could be written meanwhile.
    const child = spawn(process.execPath, [MAIN, 'backup', target, '--json'], {
      env: { DATABASE_PATH: path },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const [code] = await once(child, 'close');
    writing = false;
    await load;
    expect(code).toBe(0);
    const { entries, executions } = JSON.parse(out);
    expect(entries).toBeGreaterThan(4_000);
    expect(count(target)).toBe(executions);
    expect(count(path)).toBeGreaterThan(executions);
  });

  test('is not kept up by a transaction that is open, and has nothing of it', async () => {
    const path = await writtenDatabase();
    const writer = new Database(path);
    onTestFinished(() => void writer.close());
    writer.exec("BEGIN IMMEDIATE; UPDATE heartbeat SET at = 'unfinished'");
    const target = join(temporaryFolder(), 'copy.db');
    expect((await command(`backup ${target}`, { DATABASE_PATH: path })).code).toBe(0);
    const copy = new Database(target, { readonly: true });
    onTestFinished(() => void copy.close());
    expect(copy.prepare('SELECT at FROM heartbeat').pluck().get()).not.toBe('unfinished');
  });

  test('names the file by the time when the target is a folder', async () => {
    const folder = temporaryFolder();
    const { code } = await command(`backup ${folder}`, { DATABASE_PATH: await writtenDatabase() });
    expect(code).toBe(0);
    expect(readdirSync(folder)).toEqual([
      expect.stringMatching(/^receiver-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.db$/),
    ]);
  });

  test.each([
    ['the file itself', 'copy.db', 'copy.db'],
    ['a WAL that would be replayed into it', 'copy.db-wal', 'copy.db'],
    ['another copy under way', 'copy.db.partial', 'copy.db'],
    ['a folder that is missing', 'else', 'deep/copy.db'],
  ])('refuses to write where there is %s', async (_, there, target) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, there), 'precious');
    const { code, err } = await command(`backup ${join(folder, target)}`, { DATABASE_PATH: await writtenDatabase() });
    expect([code, err]).toEqual([2, expect.stringContaining('exist')]);
    expect(readdirSync(folder)).toEqual([there]);
    expect(readFileSync(join(folder, there), 'utf8')).toBe('precious');
  });

  test('of a trail that was tampered with is not a backup, yet is kept for inspection', async () => {
    const path = await writtenDatabase();
    const sql = new Database(path);
    dropGuards(sql);
    sql.exec("UPDATE audit_events SET app = 'x' WHERE id = 5");
    sql.close();
    const target = join(temporaryFolder(), 'copy.db');
    const { code, err } = await command(`backup ${target}`, { DATABASE_PATH: path });
    expect([code, err]).toEqual([1, expect.stringMatching(/entry 5 was altered.*copy\.db\.unsound/)]);
    expect([existsSync(target), existsSync(`${target}.unsound`)]).toEqual([false, true]);
  });

  test('killed at any moment leaves a whole backup under its name, or nothing', async () => {
    const path = await writtenDatabase(2_000);
    const folder = temporaryFolder();
    const outcomes: boolean[] = [];
    for (let round = 0; round < 4; round += 1) {
      const target = join(folder, `copy-${round}.db`);
      const child = spawn(process.execPath, [MAIN, 'backup', target], {
        env: { DATABASE_PATH: path },
        stdio: 'ignore',
      });
      const exited = once(child, 'exit');
      while (!existsSync(`${target}.partial`) && child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await new Promise((resolve) => setTimeout(resolve, 30 * round));
      child.kill('SIGKILL');
      await exited;
      outcomes.push(existsSync(target));
      if (existsSync(target)) expect((await command(`audit verify ${target}`)).code).toBe(0);
    }
    expect(outcomes).toContain(false);
  });
});

describe('restore', () => {
  test('holds queued executions as possibly sent, unless they may be sent twice or were certainly never sent', async () => {
    const { store, path } = openStore();
    const now = systemWorld.now();
    const [once, twice] = [anExecution({}, now), anExecution({ retryUncertain: true }, now)];
    for (const execution of [once, twice]) await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    await store.close();
    const folder = temporaryFolder();
    const held = join(folder, 'held.db');
    const { code, out } = await command(`restore ${path} --json`, { DATABASE_PATH: held });
    expect([code, JSON.parse(out)]).toMatchObject([0, { held: 1, open: 2 }]);
    const restored = openStore(held).store;
    onTestFinished(() => restored.close());
    expect(await restored.find(once.correlationId)).toMatchObject({ status: 'UNCONFIRMED', dispatchAt: null });
    expect(await restored.find(twice.correlationId)).toMatchObject({ status: 'QUEUED' });
    const trail = await restored.trail(once.correlationId);
    expect(trail.at(-1)?.detail['message']).toMatch(/restored from a backup/);

    const sent = join(folder, 'sent.db');
    expect((await command(`restore ${path} --send-queued`, { DATABASE_PATH: sent })).code).toBe(0);
    const asItWas = openStore(sent).store;
    onTestFinished(() => asItWas.close());
    expect(await asItWas.find(once.correlationId)).toMatchObject({ status: 'QUEUED' });
  });

  test('overwrites nothing, and takes no file that is not sound', async () => {
    const [path, other] = [await writtenDatabase(), await writtenDatabase(1)];
    expect((await command(`restore ${path}`, { DATABASE_PATH: other })).code).toBe(2);
    expect(count(other)).toBe(1);
    const folder = temporaryFolder();
    const torn = join(folder, 'torn.db');
    writeFileSync(torn, readFileSync(path).subarray(0, 40_000));
    const { code } = await command(`restore ${torn}`, { DATABASE_PATH: join(folder, 'receiver.db') });
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'receiver.db'))).toBe(false);
  });

  test('leaves nothing behind but the database', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'data'));
    await command(`restore ${await writtenDatabase()}`, { DATABASE_PATH: join(folder, 'data', 'receiver.db') });
    expect(readdirSync(join(folder, 'data'))).toEqual(['receiver.db']);
  });
});
