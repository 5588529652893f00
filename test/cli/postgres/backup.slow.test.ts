// A backup by PostgreSQL's own tools, rehearsed: what was restored verifies with the head of the original, and a receiver continues it.

import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { forPostgres, RECIPES } from '../../docs/recipe-texts.ts';
import { anExecution } from '../../support/executions.ts';
import { newDatabase, newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { smallPartitions } from '../../support/postgres/small-partitions.ts';
import { run } from '../../support/process.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { command, fill, SECRET } from '../harness.ts';

/** The version of the installed programs; 0 without them. */
function dumpVersion(): number {
  const { stdout } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' });
  return Number(/ (\d+)/.exec(stdout ?? '')?.[1] ?? 0);
}

async function serverVersion(): Promise<number> {
  const { rows } = await withClient(serverUrl ?? '', (client) => client.query('SHOW server_version_num'));
  return Math.floor(Number(rows[0]?.server_version_num) / 10_000);
}

// `pg_dump` refuses a newer server.
const canDump = serverUrl !== null && dumpVersion() >= (await serverVersion());

const open = (url: string) => openPostgresStore({ url, world: systemWorld, log: quietLog() });

/** Dumps a database, and returns a function that restores the dump into a new one, whose URL it returns. */
function dump(url: string): () => Promise<string> {
  const file = join(temporaryFolder(), 'receiver.dump');
  execFileSync('pg_dump', ['--format=custom', `--file=${file}`, url], { stdio: 'pipe' });
  return async () => {
    const restored = await newDatabase();
    execFileSync('pg_restore', [`--dbname=${restored}`, '--exit-on-error', file], { stdio: 'pipe' });
    return restored;
  };
}

/** Dumps a database and restores the dump into the same one, in the place of its tables. */
function restoreInPlace(url: string, ...options: readonly string[]): void {
  const file = join(temporaryFolder(), 'receiver.dump');
  execFileSync('pg_dump', ['--format=custom', `--file=${file}`, url], { stdio: 'pipe' });
  psql(url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  execFileSync('pg_restore', [`--dbname=${url}`, '--exit-on-error', ...options, file], { stdio: 'pipe' });
}

/** Returns what `psql` prints about a query. */
const psql = (url: string, query: string): string =>
  execFileSync('psql', ['--no-psqlrc', '--csv', '--command', query, url], { encoding: 'utf8' });

const VIEWS = "SELECT viewname FROM pg_views WHERE schemaname = 'public' ORDER BY viewname";
const PARTITIONS = 'SELECT first, last FROM audit_partitions ORDER BY first';

/** These views show how long executions have waited. */
const WITH_AGES = /queue_by_app|unresolved/;

const ENVIRONMENT = {
  ...{ CXONE_BASE_URL: 'http://127.0.0.1:9', CXONE_CLIENT_ID: 'client', CXONE_CLIENT_SECRET: 'client-secret' },
  ...{ PUBLIC_URL: 'http://127.0.0.1', PORT: '0', CALLBACK_SECRET: SECRET, APP_KEYS: 'shop:the-shop-key-0123456789' },
};

async function verified(url: string, head: string) {
  const log = join(temporaryFolder(), 'heads.log');
  writeFileSync(log, head);
  const { code, out } = await command(['audit', 'verify', '--json', '--head', log], { DATABASE_URL: url });
  return { code, ...JSON.parse(out) };
}

describe.skipIf(!canDump)('a dump', () => {
  test('is made beside a receiver, restored into another database, verified and continued', async () => {
    const url = await newDatabase();
    const store = await open(url);
    await fill(store, 50);
    const { out: head } = await command('audit head', { DATABASE_URL: url });
    const restore = dump(url);
    await fill(store, 5);
    await store.close();

    const restored = await restore();
    expect(await verified(restored, head)).toMatchObject({ code: 0, ok: true, entries: 100 });

    const again = await open(restored);
    await fill(again, 5);
    await again.close();
    expect(await verified(restored, head)).toMatchObject({ code: 0, ok: true, entries: 110 });
    const { out } = await command('executions export', { DATABASE_URL: restored });
    expect(out.trimEnd().split('\n')).toHaveLength(55);
  });

  test('of a trail that is pruned in part has the rest of it for psql and commands, and a receiver continues and prunes it', async () => {
    const url = await newReceiverDatabase();
    await withClient(url, (client) => smallPartitions(client, 4));
    const store = await open(url);
    await fill(store, 6);
    const queued = anExecution({ correlationId: 'queued' }, systemWorld.now());
    await store.add({ execution: queued, fingerprint: 'print', queueCapacity: 10 });
    const cutoff = systemWorld.now() + 1;
    // One partition is dropped, and six entries are hidden: a whole partition, and half of the next one.
    expect((await store.prune(10, cutoff)).entries).toBe(10);
    expect(await store.reclaimSpace(1)).toBe(1);
    const { out: head } = await command('audit head', { DATABASE_URL: url });
    const restore = dump(url);
    await store.close();

    const restored = await restore();
    expect(psql(restored, PARTITIONS)).toBe('first,last\n5,8\n9,12\n13,16\n17,100000\n');
    expect(psql(restored, 'SELECT min(id), count(*) FROM audit_rows_all')).toBe('min,count\n5,9\n');
    expect(psql(restored, 'SELECT id FROM audit_events ORDER BY id')).toBe('id\n11\n12\n13\n');
    const views = psql(url, VIEWS).trimEnd().split('\n').slice(1);
    const all = [...views.map((view) => `TABLE ${view}`), ...[...RECIPES.values()].map(forPostgres)];
    const queries = all.filter((query) => !WITH_AGES.test(query));
    expect(queries.length).toBeGreaterThan(20);
    const sorted = (of: string, query: string) => [query, ...psql(of, query).split('\n').toSorted()];
    for (const query of queries) expect(sorted(restored, query)).toEqual(sorted(url, query));
    expect(await verified(restored, head)).toMatchObject({ code: 0, ok: true, entries: 3 });
    for (const line of ['executions export', 'audit export']) {
      const printed = async (of: string) => (await command(line, { DATABASE_URL: of })).out;
      expect(await printed(restored)).toBe(await printed(url));
    }

    const receiver = run(['start'], { ...ENVIRONMENT, DATABASE_URL: restored });
    await receiver.line((line) => line.includes('"msg":"listening"'));
    const status = () => psql(restored, "SELECT status FROM executions WHERE correlation_id = 'queued'");
    // Its queue is held, with two entries.
    expect(status()).toBe('status\nUNCONFIRMED\n');
    receiver.child.kill('SIGTERM');
    expect((await receiver.finished).code).toBe(0);

    const again = await open(restored);
    await fill(again, 2);
    const later = systemWorld.now() + 1;
    while ((await again.prune(10, later)).entries > 0);
    while ((await again.reclaimSpace(1)) !== 0);
    await again.close();
    expect(psql(restored, PARTITIONS)).toBe('first,last\n13,16\n17,100000\n');
    expect(await verified(restored, head)).toMatchObject({ code: 0, ok: true, entries: 7 });
  });

  test.each([[], ['--single-transaction']])(
    'of a receiver of an earlier version, restored in the place of its tables, is a copy until a receiver has run: %j',
    async (...options) => {
      const url = await newDatabase();
      const store = await open(url);
      const queued = anExecution({}, systemWorld.now());
      await store.add({ execution: queued, fingerprint: 'print', queueCapacity: 10 });
      await store.ping(systemWorld.now());
      await store.close();
      psql(url, 'UPDATE database_identity SET tables = NULL');
      restoreInPlace(url, ...options);

      const restored = await open(url);
      expect(restored.isRestoredBackup).toBe(true);
      await restored.close();
      // A receiver of an earlier version has run since, and has sent what was queued.
      psql(url, 'UPDATE heartbeat SET at = at + 1');
      const later = await open(url);
      expect(later.isRestoredBackup).toBe(false);
      await later.close();
    },
  );
});
