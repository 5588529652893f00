// What doctor says about a PostgreSQL database: before the first start, while a receiver runs, and when it cannot be used.

import { describe, expect, onTestFinished, test } from 'vitest';
import { checkServerDatabase } from '../../../src/cli/doctor/server-database.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { migrate } from '../../../src/store/postgres/migrate.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const check = (url: string, world = systemWorld) => checkServerDatabase({ url, world });

describe.skipIf(serverUrl === null)('the database on a server', () => {
  test('is empty before the first start, and stays so', async () => {
    const url = await newDatabase();
    const checks = await check(url);
    const name = `${new URL(url).host}${new URL(url).pathname}`;
    expect(checks[0]).toMatchObject({ name: 'database', level: 'warn', message: `postgres://${name} is empty` });
    expect(JSON.stringify(checks)).not.toContain(new URL(url).password);
    const { rows } = await withClient(url, (client) =>
      client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"),
    );
    expect(rows).toEqual([]);
  });

  test('is whole, and has a receiver that leads', async () => {
    const url = await newDatabase();
    const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
    onTestFinished(() => store.close());
    expect(await check(url)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'database', level: 'ok' }),
        expect.objectContaining({ name: 'host', message: `${new URL(url).host} accepts writes` }),
        expect.objectContaining({ name: 'receivers', message: 'one leads' }),
        expect.objectContaining({ name: 'conservation', message: '0 accepted = 0 ended + 0 open' }),
      ]),
    );
  });

  test('has settings that weaken a guarantee: each is named with its consequence', async () => {
    const url = await newDatabase();
    await withClient(url, (client) =>
      client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`),
    );
    const warnings = (await check(url)).filter(({ name }) => name === 'durability');
    expect(warnings.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      // The server of the tests runs without it.
      'warn: fsync is off: a power loss destroys acknowledged results, or the whole database',
      'warn: synchronous_commit is off: a crash of the server loses the results that were acknowledged just before it',
    ]);
  });

  test('has another clock than this machine', async () => {
    const ahead = { ...systemWorld, now: () => systemWorld.now() + 60_000 };
    const clock = (await check(await newDatabase(), ahead)).find(({ name }) => name === 'clock');
    expect(clock).toMatchObject({ level: 'warn', message: expect.stringMatching(/differs by -(?:60|59)\.\d s/) });
  });

  const unusable: readonly (readonly [string, (url: URL) => unknown, RegExp])[] = [
    [
      'cannot be reached',
      async (url) => {
        url.port = String(await freePort());
      },
      /ECONNREFUSED.*check DATABASE_URL/,
    ],
    [
      'does not know the password',
      (url) => {
        url.password = 'another-one';
      },
      /password authentication failed.*check DATABASE_URL/,
    ],
    [
      'does not exist',
      (url) => {
        url.pathname = '/nowhere';
      },
      /database "nowhere" does not exist.*check DATABASE_URL/,
    ],
    [
      'is of another program',
      (url) => withClient(url.href, (client) => client.query('CREATE TABLE invoices (id integer)')),
      /tables of another program.*create an empty database/,
    ],
    [
      'lets this user create nothing',
      async (url) => {
        const role = `${url.pathname.slice(1)}_reader`;
        await withClient(url.href, (client) => client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'a-password'`));
        [url.username, url.password] = [role, 'a-password'];
      },
      /does not let this user create tables.*GRANT CREATE/,
    ],
    [
      'has tables of another role, whether or not this one may create some',
      async (url) => {
        const database = url.pathname.slice(1);
        const [owner, role] = [`${database}_owner`, `${database}_other`];
        await withClient(url.href, async (client) => {
          await migrate(client);
          await client.query(`CREATE ROLE ${owner}; ALTER TABLE schema_migrations OWNER TO ${owner}`);
          await client.query(
            `CREATE ROLE ${role} LOGIN PASSWORD 'a-password'; GRANT CREATE ON SCHEMA public TO ${role}`,
          );
        });
        [url.username, url.password] = [role, 'a-password'];
      },
      /has tables that belong to the role test_\w+_owner → connect as that role$/,
    ],
  ];
  test.for(unusable)('%s: one failure, with the remedy', async ([, change, expected]) => {
    const url = new URL(await newDatabase());
    await change(url);
    const checks = await check(url.href);
    expect(checks.map(({ name, level }) => `${name} ${level}`)).toEqual(['database fail']);
    expect(`${checks[0]?.message} → ${checks[0]?.advice}`).toMatch(expected);
  });
});
