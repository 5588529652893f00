// A backup by PostgreSQL's own tools, rehearsed: what was restored verifies with the head of the original, and a receiver continues it.

import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { command, fill } from '../harness.ts';

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
    const file = join(temporaryFolder(), 'receiver.dump');
    execFileSync('pg_dump', ['--format=custom', `--file=${file}`, url], { stdio: 'pipe' });
    await fill(store, 5);
    await store.close();

    const restored = await newDatabase();
    execFileSync('pg_restore', [`--dbname=${restored}`, '--exit-on-error', file], { stdio: 'pipe' });
    expect(await verified(restored, head)).toMatchObject({ code: 0, ok: true, entries: 100 });

    const again = await open(restored);
    await fill(again, 5);
    await again.close();
    expect(await verified(restored, head)).toMatchObject({ code: 0, ok: true, entries: 110 });
    const { out } = await command('executions export', { DATABASE_URL: restored });
    expect(out.trimEnd().split('\n')).toHaveLength(55);
  });
});
