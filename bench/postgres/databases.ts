// The databases of the measure `postgres`: each build has copies of one that is filled once, and all are verified at the end.

import Database from 'better-sqlite3';
import { pino } from 'pino';
import { copyTables } from '../../src/store/move/copy-tables.ts';
import { openReader } from '../../src/store/open/open-reader.ts';
import { openMoveTarget } from '../../src/store/postgres/move/target.ts';
import { tablesOfFile } from '../../src/store/sqlite/file/move/read-tables.ts';
import { demandEqual, demandRecorded } from '../servers/contenders.ts';
import { fillObvious } from '../servers/obvious-on-postgres.ts';
import type { PostgresServer } from '../servers/postgres-server.ts';

const log = pino({ level: 'silent' });

/** Makes databases of the receiver and of the obvious build, each with the executions of a prepared file. */
export async function makeDatabases(
  server: PostgresServer,
  preparedPath: string,
  names: { readonly receiver: readonly string[]; readonly obvious: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  for (const [build, fill] of [
    ['receiver', fillReceiver],
    ['obvious', fillObvious],
  ] as const) {
    const filled = `filled_${build}`;
    await server.run('postgres', `CREATE DATABASE ${filled}`);
    await fill(server.urlOf(filled), preparedPath, signal);
    for (const name of names[build]) {
      await server.run('postgres', `CREATE DATABASE ${name} TEMPLATE ${filled} STRATEGY file_copy`);
    }
    await server.run('postgres', `DROP DATABASE ${filled}`);
  }
  await server.run('postgres', 'CHECKPOINT');
}

/** Copies as the command `move` does, from a file that stays a file of the receiver. */
async function fillReceiver(url: string, preparedPath: string, signal: AbortSignal): Promise<void> {
  const target = await openMoveTarget(url, log);
  const source = new Database(preparedPath, { readonly: true });
  try {
    await target.begin();
    await copyTables(tablesOfFile(source), target.write, { progress: () => signal.throwIfAborted() });
    await target.finish();
    await target.commit();
    await target.all('VACUUM ANALYZE');
  } finally {
    source.close();
    await target.close();
  }
}

/** What a build has acknowledged, and the executions that were there at the beginning. */
export interface Acknowledged {
  readonly open: number;
  readonly called: number;
  readonly submitted: number;
}

const CONSERVATION = `SELECT accepted::int, terminal::int, difference::int FROM conservation`;

/** @throws Error that names what is missing, or what the verification of the trail finds. */
export async function verifyReceiver(
  server: PostgresServer,
  database: string,
  { open, called, submitted }: Acknowledged,
): Promise<void> {
  const reader = await openReader({ url: server.urlOf(database) });
  try {
    const { findings } = await reader.verify();
    const [account] = await server.run(database, CONSERVATION);
    const found = { ...account, findings: findings.map((finding) => JSON.stringify(finding)).join(' ') };
    const expected = { accepted: open + submitted, terminal: called, difference: 0, findings: '' };
    demandEqual(`the receiver on ${database}`, found, expected);
  } finally {
    await reader.close();
  }
}

/** @throws Error that names what is missing. */
export async function verifyObvious(
  server: PostgresServer,
  database: string,
  { open, called, submitted }: Acknowledged,
): Promise<void> {
  const expected = { accepted: open + submitted, resolved: called, audited: called + submitted };
  await demandRecorded(server.urlOf(database), `the obvious build on ${database}`, expected);
}
