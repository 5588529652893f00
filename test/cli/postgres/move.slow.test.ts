// `move` as an operator runs it: what it prints, what it refuses, and a kill in the middle of it.

import { once } from 'node:events';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { expectSameViews } from '../../support/postgres/same-views.ts';
import { run } from '../../support/process.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { command, writtenDatabase } from '../harness.ts';

const NOWHERE = 'postgres://receiver:very-secret@127.0.0.1:1/receiver';

let path = '';
let url = '';

beforeEach(async () => {
  if (serverUrl === null) return;
  path = await writtenDatabase(3);
  url = await newDatabase();
});

describe.skipIf(serverUrl === null)('move', () => {
  test('prints what it moved and what to do next, warns of a password in its arguments, and does nothing twice', async () => {
    const { code, out, err } = await command(['move', '--to', url], { DATABASE_PATH: path });
    const name = `postgres://${new URL(url).host}${new URL(url).pathname}`;
    const counts = '3 executions (0 open), 6 audit entries through 6, 0 notifications';
    expect([code, out.split('\n')[0]]).toEqual([0, `${path} → ${name}: ${counts}, verified`]);
    expect(out).toContain('next: set DATABASE_URL to that database, remove DATABASE_PATH, and start the receiver');
    expect(err).toBe(
      'Other users of this machine can read the password in the arguments of this command: set PGPASSWORD or DATABASE_URL instead, next time.\n',
    );
    await expectSameViews({ url, path });
    const again = await command(['move', '--json'], { DATABASE_PATH: path, DATABASE_URL: url });
    expect([again.code, again.err]).toEqual([0, '']);
    expect(JSON.parse(again.out)).toMatchObject({ ok: true, wasMoved: true, executions: 3, to: name });
    const verified = await command('audit verify', { DATABASE_URL: url });
    expect([verified.code, verified.out]).toEqual([0, expect.stringContaining('holds from entry 1 to 6')]);
    const doctor = await command('doctor --offline', { DATABASE_PATH: path });
    expect(doctor.out).toContain(`${path} was moved to ${name}`);
  });

  test('and back', async () => {
    await command(['move'], { DATABASE_PATH: path, DATABASE_URL: url });
    const file = join(temporaryFolder(), 'back.db');
    const { code, out } = await command(['move', '--from', url, '--to', file]);
    expect([code, out]).toEqual([0, expect.stringContaining(`next: set DATABASE_PATH=${file}, remove DATABASE_URL`)]);
    await expectSameViews({ url, path: file });
    const doctor = await command('doctor --offline', { DATABASE_URL: url });
    expect(doctor.out).toContain(`was moved to ${file} at`);
  });

  test('killed while it copies, it leaves an empty database and the file as it was; run again, it moves everything', async () => {
    const moving = await withClient(url, async (client) => {
      // The move needs this lock for the first audit entry.
      await client.query("SELECT pg_advisory_lock(hashtext('audit partitions'))");
      const { child } = run(['move'], { DATABASE_PATH: path, DATABASE_URL: url }, '/');
      const waits = `SELECT 1 FROM pg_locks JOIN pg_database AS d ON d.oid = database
        WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()`;
      await expect.poll(async () => (await client.query(waits)).rowCount).toBe(1);
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      return child;
    });
    expect(moving.signalCode).toBe('SIGKILL');
    const tables = "SELECT 1 FROM pg_tables WHERE schemaname = 'public'";
    await expect.poll(() => withClient(url, async (client) => (await client.query(tables)).rowCount)).toBe(0);
    expect((await command('audit verify', { DATABASE_PATH: path })).code).toBe(0);
    const { code } = await command('move', { DATABASE_PATH: path, DATABASE_URL: url });
    expect(code).toBe(0);
    await expectSameViews({ url, path });
  });

  test('a receiver that is started on the file says where the data is', async () => {
    await command('move', { DATABASE_PATH: path, DATABASE_URL: url });
    const env = {
      ...{ CXONE_BASE_URL: 'https://cx.example', CXONE_CLIENT_ID: 'id', CXONE_CLIENT_SECRET: 'a-secret-of-cxone' },
      ...{ PUBLIC_URL: 'https://receiver.example', APP_KEYS: 'shop:the-shop-key-0123456789', PORT: '0' },
      ...{ CALLBACK_SECRET: 'a-secret-for-moves-of-32-characters-x', DATABASE_PATH: path },
    };
    const { code, stderr } = await run(['start'], env, '/').finished;
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${path} was moved to postgres://`)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('move', () => {
  test.for([
    [[], {}, 'Name the database with --to postgres://…, or set DATABASE_URL.'],
    [['--to', 'other.db'], {}, '--from and --to name two files, which "backup" copies.'],
    [['--from', NOWHERE], { DATABASE_URL: NOWHERE }, 'name two PostgreSQL databases, which pg_dump copies.'],
    [['--to', 'postgres://db'], {}, 'The URL of the database must be postgres://USER'],
  ] as const)('states what is wrong with its places: %s', async ([args, env, message]) => {
    const { code, out, err } = await command(['move', ...args], { DATABASE_PATH: '/nowhere/receiver.db', ...env });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).not.toContain('very-secret');
  });

  test('states that the server cannot be reached, and leaves the file as it was', async () => {
    const file = await writtenDatabase(1);
    const { code, err } = await command('move', { DATABASE_PATH: file, DATABASE_URL: NOWHERE });
    expect([code, err]).toEqual([2, expect.stringContaining('no host of DATABASE_URL accepts writes (127.0.0.1:1')]);
    expect(err).not.toContain('very-secret');
    expect((await command('audit verify', { DATABASE_PATH: file })).code).toBe(0);
  });
});
