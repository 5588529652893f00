// Opening the store on PostgreSQL: what is refused and why, several hosts, and several receivers that start at the same time.

import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { addressesIn } from '../../../src/lib/database-url.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { openServerReader } from '../../../src/store/postgres/reader/reader.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { DatabaseRefused } from '../../../src/store/shared/database-refused.ts';
import { NOON } from '../../support/executions.ts';
import { newDatabase, newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { startWatchedProxy } from '../../support/postgres/watched-proxy.ts';
import { quietLog } from '../../support/quiet-log.ts';

const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const store of closing.splice(0)) await store.close();
});

async function openOn(url: string) {
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  closing.push(store);
  return store;
}

describe('DATABASE_URL', () => {
  test('names one host or several, each with the same user and database', () => {
    const [first, second, ...more] = addressesIn('postgresql://me:p%40ss@a:5432,b/receiver?sslmode=require');
    expect(first).toEqual({ host: 'a:5432', url: 'postgresql://me:p%40ss@a:5432/receiver?sslmode=require' });
    expect(second).toEqual({ host: 'b', url: 'postgresql://me:p%40ss@b/receiver?sslmode=require' });
    expect(more).toEqual([]);
  });

  test.for(['', 'mysql://a/b', 'postgres://host', 'postgres:///receiver', 'postgres://user:secret@/receiver'])(
    'of the form %j is rejected without its password',
    (url) => {
      const rejection = () => addressesIn(url);
      expect(rejection).toThrow('must be postgres://USER:PASSWORD@HOST[:PORT][,HOST[:PORT]…]/DATABASE');
      expect(rejection).not.toThrow('secret');
    },
  );
});

describe('a parameter of DATABASE_URL', () => {
  const ALLOWED = [
    'sslmode=verify-full',
    'sslmode=no-verify&options=-c%20search_path%3Dreceiver',
    'sslrootcert=/etc/ca.pem&sslcert=/etc/cert.pem&sslkey=/etc/key.pem',
  ];
  test.for(ALLOWED)('is passed to the driver: %s', (query) => {
    const url = `postgres://me@a/receiver?${query}`;
    expect(addressesIn(url)).toEqual([{ host: 'a', url }]);
  });

  const REFUSED = [
    'sslmod=verify-full',
    'SSLMODE=verify-full',
    'ssl=true',
    'host=b',
    '%68ost=b',
    'port=1',
    'database=other',
    'user=other',
    'password=very-secret',
    'sslmode=verify-full&sslmode=disable',
    'very-secret',
  ];
  test.for(REFUSED)('that is unknown, repeated or replaces a part is refused: %s', (query) => {
    const rejection = () => addressesIn(`postgres://me@a/receiver?${query}`);
    expect(rejection).toThrow(
      'may have only these parameters, each once: sslmode, sslrootcert, sslcert, sslkey, options',
    );
    expect(rejection).not.toThrow('very-secret');
  });
});

test('a certificate of DATABASE_URL that cannot be read is named with its host, for a receiver and for a command', async () => {
  const url = 'postgres://me@127.0.0.1:1/receiver?sslmode=verify-full&sslrootcert=/nowhere/ca.pem';
  const reason = /127\.0\.0\.1:1: .*ENOENT.*\/nowhere\/ca\.pem.*check DATABASE_URL/;
  await expect(openOn(url)).rejects.toThrow(reason);
  await expect(openServerReader(url)).rejects.toThrow(reason);
});

describe.skipIf(serverUrl === null)('opening', () => {
  test('makes the schema once, however many receivers start', async () => {
    const url = await newDatabase();
    const stores = await Promise.all([openOn(url), openOn(url), openOn(url)]);
    for (const store of stores) await expect(store.ping(NOON)).resolves.toBeUndefined();
    const { rows } = await withClient(url, (client) =>
      client.query('SELECT name FROM schema_migrations UNION ALL SELECT name FROM schema_changes ORDER BY name'),
    );
    const files = readdirSync(new URL('../../../migrations/postgres', import.meta.url))
      .filter((file) => file.endsWith('.sql'))
      .toSorted();
    expect(rows.map(({ name }) => `${name}.sql`)).toEqual(files);
  });

  test('finds the host that accepts writes', async () => {
    const url = new URL(await newDatabase());
    const several = url.href.replace(url.host, `127.0.0.1:${await freePort()},${url.host}`);
    const store = await openOn(several);
    await expect(store.ping(NOON)).resolves.toBeUndefined();
  });

  test('names each host that does not', async () => {
    const url = new URL(await newDatabase());
    const port = await freePort();
    await expect(openOn(url.href.replace(url.host, `127.0.0.1:${port}`))).rejects.toThrow(
      new RegExp(
        `no host of DATABASE_URL accepts writes \\(127.0.0.1:${port}: .*ECONNREFUSED.*\\): check DATABASE_URL`,
      ),
    );
    await withClient(serverUrl ?? '', (client) =>
      client.query(`ALTER DATABASE ${url.pathname.slice(1)} SET default_transaction_read_only = on`),
    );
    await expect(openOn(url.href)).rejects.toThrow(`${url.host}: read-only`);
  });

  test('reports at the start that it may not end the connections of others, one of which is replaced when it hangs', async () => {
    const url = new URL(await newDatabase());
    const name = url.pathname.slice(1);
    const [owner, member] = [`${name}_owner`, `${name}_member`];
    await withClient(url.href, (client) =>
      client.query(`CREATE ROLE ${owner} LOGIN PASSWORD 'secret'; CREATE ROLE ${member} LOGIN PASSWORD 'secret' IN ROLE ${owner};
        ALTER DATABASE ${name} OWNER TO ${owner}; ALTER SCHEMA public OWNER TO ${owner}`),
    );
    const openAs = async (role: string) => {
      const log = quietLog();
      const as = Object.assign(new URL(url), { username: role, password: 'secret' });
      closing.push(await openPostgresStore({ url: as.href, world: systemWorld, log }));
      return JSON.stringify(log.lines);
    };
    const [warning, change] = [
      'GRANT pg_signal_backend',
      (text: string) => withClient(url.href, (client) => client.query(text)),
    ];
    expect(await openAs(owner)).not.toContain(warning);
    expect(await openAs(owner)).not.toContain(warning);
    await change(`ALTER ROLE ${member} SET role = ${owner}`);
    expect(await openAs(member)).toContain(warning);
    await change(`GRANT pg_signal_backend TO ${owner}`);
    expect(await openAs(member)).not.toContain(warning);
  });

  test('names the remedy when the connection is lost during the start, at whichever statement', async () => {
    const proxy = await startWatchedProxy(await newReceiverDatabase());
    onTestFinished(proxy.close);
    const causes = new Set<string>();
    for (const loss of ['request', 'response'] as const) {
      for (const statement of [1, 6, 9, 12]) {
        void proxy.cutAt(statement, loss);
        const refused = await openOn(proxy.url).catch((error: Error) => error);
        expect(refused).toBeInstanceOf(DatabaseRefused);
        const { message } = refused as DatabaseRefused;
        expect(message).toContain('check DATABASE_URL, and that the server runs');
        causes.add(message.slice(0, message.indexOf('(')));
      }
    }
    expect([...causes]).toEqual([
      'no host of DATABASE_URL accepts writes ',
      'the connection to the database was lost during the start ',
    ]);
  });

  test('refuses a database of another program, and leaves it unchanged', async () => {
    const url = await newDatabase();
    await withClient(url, (client) => client.query('CREATE TABLE invoices (id integer)'));
    await expect(openOn(url)).rejects.toThrow('has tables of another program: create an empty database');
    const { rows } = await withClient(url, (client) =>
      client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"),
    );
    expect(rows).toEqual([{ tablename: 'invoices' }]);
  });

  test('makes no second set of tables when the search_path of the user or the database has changed', async () => {
    const url = await newReceiverDatabase();
    const name = new URL(url).pathname.slice(1);
    await withClient(url, (client) =>
      client.query(`CREATE SCHEMA other; ALTER DATABASE ${name} SET search_path = other`),
    );
    const refused = 'tables of a receiver in the schema public, in which this user does not look for them';
    await expect(openOn(url)).rejects.toThrow(refused);
    await expect(openServerReader(url)).rejects.toThrow(refused);
    const tables = () =>
      withClient(url, (client) => client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'other'"));
    expect((await tables()).rows).toEqual([]);

    const own = await openOn(`${url}?options=-c%20search_path%3Dother`);
    await expect(own.ping(NOON)).resolves.toBeUndefined();
    expect((await tables()).rows).toContainEqual({ tablename: 'execution_rows' });
  });

  test('refuses a database of a later version', async () => {
    const url = await newDatabase();
    await (await openOn(url)).close();
    await withClient(url, (client) =>
      client.query("INSERT INTO schema_migrations (name, sha256) VALUES ('9999_later', 'x')"),
    );
    await expect(openOn(url)).rejects.toThrow('has the migration 9999_later, which this version does not know');
  });

  test('refuses a database that was made with another text of a migration, and names the ways out', async () => {
    const url = await newReceiverDatabase();
    await withClient(url, (client) =>
      client.query("UPDATE schema_changes SET sha256 = 'x' WHERE name = '0006_dropped_partitions'"),
    );
    await expect(openOn(url)).rejects.toThrow(
      'another text of the migration 0006_dropped_partitions: start the version that made it, or move the database to a file with that version, and start this one on the file',
    );
  });

  test('refuses a database that is not UTF-8', async () => {
    const url = new URL(await newDatabase());
    url.pathname += '_latin';
    await withClient(serverUrl ?? '', (client) =>
      client.query(`CREATE DATABASE ${url.pathname.slice(1)} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`),
    );
    await expect(openOn(url.href)).rejects.toThrow("has the encoding LATIN1: create one with ENCODING 'UTF8'");
  });
});
