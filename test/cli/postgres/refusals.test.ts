// Commands whose database cannot be used, or that are for a file: one message with the remedy, and nothing changes.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { migrate } from '../../../src/store/postgres/migrate.ts';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { command } from '../harness.ts';

/** Nothing listens there. */
const NOWHERE = 'postgres://receiver:very-secret@127.0.0.1:1/receiver';

const FOR_FILES = [
  ['backup', 'back it up with pg_dump'],
  ['restore copy.db', 'restore it with pg_restore'],
  ['compact', 'autovacuum makes the space'],
  ['prune --audit-days 1', 'a receiver prunes it while it runs'],
] as const;

const READING = [
  ...['audit verify', 'audit head', 'audit query', 'audit export', 'executions list', 'executions show x'],
  ...['executions export', 'notifications list', 'stats', 'health', 'advise', 'watch --once'],
  'prune --dry-run --audit-days 1',
];

describe('a command that is for a SQLite file', () => {
  test.for(FOR_FILES)('names the remedy for PostgreSQL: %s', async ([line, remedy]) => {
    const args = line === 'backup' ? `backup ${join(temporaryFolder(), 'copy.db')}` : line;
    const { code, out, err } = await command(args, { DATABASE_URL: NOWHERE });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`DATABASE_URL names a PostgreSQL database: ${remedy}`);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('a configuration that leaves open which database is meant', () => {
  test.for([...READING, ...FOR_FILES.map(([line]) => line)])('is refused: %s', async (line) => {
    const args = line === 'backup' ? 'backup copy.db' : line;
    const { code, err } = await command(args, { DATABASE_URL: NOWHERE, DATABASE_PATH: '/nowhere/receiver.db' });
    expect([code, err]).toEqual([2, expect.stringContaining('DATABASE_URL: is set together with DATABASE_PATH')]);
  });

  test('except where the command line says it', async () => {
    const both = { DATABASE_URL: NOWHERE, DATABASE_PATH: '/nowhere/receiver.db' };
    const missing = join(temporaryFolder(), 'missing.db');
    const { code, err } = await command(['stats', '--database', missing], both);
    expect([code, err]).toEqual([2, expect.stringContaining(`${missing} does not exist: check the path`)]);
  });
});

describe('a URL on the command line', () => {
  test('has no password, which other users would see', async () => {
    const { code, err } = await command(['stats', '--database', 'postgres://me:word@db.example/receiver']);
    expect([code, err]).toEqual([2, expect.stringContaining('set DATABASE_URL instead')]);
    expect(err).not.toContain('word@');
  });

  const places = [
    ['stats', '--database'],
    ['move', '--to'],
    ['move', '--to', 'copy.db', '--from'],
    ['move', '--cancel', '--to'],
  ];
  test.for(places)('has only parameters that take effect: %s %s', async (...[args]) => {
    const { code, out, err } = await command([...args, 'postgresql://me@db.example/receiver?password=very-secret']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('may have only these parameters, each once: sslmode, sslrootcert, sslcert, sslkey, options;');
    expect(err).not.toContain('very-secret');
  });

  test('is a whole URL', async () => {
    const { code, err } = await command(['stats', '--database', 'postgres:receiver']);
    expect([code, err]).toEqual([2, expect.stringContaining('must be postgres://')]);
  });
});

describe('a database that cannot be reached', () => {
  test.for(READING)('is reported in one line, without the password: %s', async (line) => {
    const { code, out, err } = await command(line, { DATABASE_URL: NOWHERE });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('127.0.0.1:1: ');
    expect(err).toContain('check DATABASE_URL, and that the server runs');
    expect(err).not.toContain('very-secret');
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe.skipIf(serverUrl === null)('a database that cannot be read', () => {
  const refused = async (url: string) => {
    const { code, out, err } = await command('stats', { DATABASE_URL: url });
    expect([code, out]).toEqual([2, '']);
    return err;
  };

  test('because of the password', async () => {
    const url = new URL(serverUrl ?? '');
    url.password = 'wrong-password';
    const err = await refused(url.href);
    expect(err).toContain('correct the password');
    expect(err).not.toContain('wrong-password');
  });

  test('because it does not exist', async () => {
    const url = new URL(serverUrl ?? '');
    url.pathname = 'missing';
    expect(await refused(url.href)).toContain('create the database, or correct its name');
  });

  test('because it is empty, foreign, older or newer: and it is unchanged', async () => {
    const url = await newDatabase();
    expect(await refused(url)).toContain('has no tables: start the receiver on it once');
    const run = (statement: string) => withClient(url, (client) => client.query(statement));
    const { rows } = await run("SELECT count(*)::integer AS tables FROM pg_tables WHERE schemaname = 'public'");
    expect(rows).toEqual([{ tables: 0 }]);

    await run('CREATE TABLE invoices (id integer)');
    expect(await refused(url)).toContain('has tables of another program');
    await run('DROP TABLE invoices');

    await withClient(url, migrate);
    expect((await command('stats', { DATABASE_URL: url })).code).toBe(0);
    await run("INSERT INTO schema_migrations (name, sha256) VALUES ('9999_later', 'x')");
    expect(await refused(url)).toContain('start a newer version');
    await run("DELETE FROM schema_migrations WHERE name <> '0000_store'; DROP TABLE schema_changes");
    expect(await refused(url)).toContain('is from an older version of this receiver: start this version on it once');
  });

  test('of several hosts, the one that runs is read', async () => {
    const url = await newDatabase();
    await withClient(url, migrate);
    const several = url.replace(/@([^/]+)\//, '@127.0.0.1:1,$1/');
    expect((await command('stats', { DATABASE_URL: several })).code).toBe(0);
  });
});
