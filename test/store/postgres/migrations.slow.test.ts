// Migrations that cannot be applied, and receivers that stop in the middle of them: what is refused and why, and who continues.

import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { migrate } from '../../../src/store/postgres/migrate.ts';
import { type Migration, readMigrations, SCHEMA } from '../../../src/store/postgres/migrations.ts';
import { DatabaseRefused } from '../../../src/store/shared/database-refused.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const ADD_COLUMN = 'ALTER TABLE work ADD COLUMN of_the_future text';

/** All migrations, and one of the next version. */
function withNext(...statements: string[]): Migration[] {
  const number = SCHEMA + 1;
  return [...readMigrations(), { number, name: `${number}_next`, sha256: 'x', statements, lowest: SCHEMA }];
}

const upgrade = (url: string, ...statements: string[]) =>
  withClient(url, (client) => migrate(client, withNext(...statements)));

describe.skipIf(serverUrl === null)('on PostgreSQL', () => {
  const unapplied: readonly (readonly [failure: string, statement: string, message: RegExp])[] = [
    [
      'lacks a right',
      ADD_COLUMN,
      /this user may not apply .*_next \(.*must be owner of table work\): connect as the role that owns all tables/,
    ],
    [
      'has no room on the disk of the server',
      "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$",
      /has not applied .*_next \(.*could not extend file\): make room, and start again/,
    ],
    [
      'is cancelled',
      'SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)',
      /has not applied .*_next \(.*canceling statement due to user request\): start again/,
    ],
    [
      'does not find what it changes',
      'DROP TABLE of_the_past',
      /_next cannot be applied, and nothing of it is done \(.*"of_the_past" does not exist\): undo what/,
    ],
  ];
  test.for(unapplied)(
    'a migration that %s is refused with the remedy, and nothing of it is done',
    async ([, statement, message]) => {
      const url = new URL(await newReceiverDatabase());
      const role = `${url.pathname.slice(1)}_other`;
      await withClient(url.href, (client) =>
        client.query(
          `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
        GRANT CREATE ON SCHEMA public TO ${role}`,
        ),
      );
      const other = Object.assign(new URL(url), { username: role, password: 'secret' });
      const upgrading = upgrade(other.href, 'CREATE TABLE of_the_future (id integer)', statement);
      await expect(upgrading).rejects.toThrow(DatabaseRefused);
      await expect(upgrading).rejects.toThrow(message);
      const { rows } = await withClient(url.href, (client) =>
        client.query("SELECT to_regclass('of_the_future') AS made"),
      );
      expect(rows).toEqual([{ made: null }]);
    },
  );

  test('a receiver that stops while its migration waits does not keep another one from applying it', async () => {
    const url = await newReceiverDatabase();
    const [stopped, log] = [new Client({ connectionString: url }), quietLog()];
    stopped.on('error', () => {});
    await stopped.connect();
    const migrating = withClient(url, async (reader) => {
      await reader.query('BEGIN; LOCK TABLE work IN ACCESS SHARE MODE');
      const waiting = migrate(stopped, withNext(ADD_COLUMN), log);
      await expect.poll(() => log.lines).toHaveLength(1);
      // As a process that is stopped, it reads nothing more.
      stopped.connection.stream.pause();
      await reader.query('COMMIT');
      return waiting;
    });
    const ended = expect(migrating).rejects.toThrow('Client has encountered a connection error');
    await expect.poll(() => log.lines).toHaveLength(1);
    await upgrade(url, ADD_COLUMN);
    stopped.connection.stream.resume();
    await ended;
  });

  test('the reason for which the server ends the connection in the middle of a migration is kept', async () => {
    const upgrading = upgrade(await newReceiverDatabase(), 'SELECT pg_terminate_backend(pg_backend_pid())');
    await expect(upgrading).rejects.toThrow('terminating connection due to administrator command');
  });
});
