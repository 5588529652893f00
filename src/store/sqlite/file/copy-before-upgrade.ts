// Makes the verified copy of a database of an older version, or finds the one that an earlier start made.

import { readdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { Database } from 'better-sqlite3';
import { type Log, reasonOf } from '../../../lib/log.ts';
import { fileTimestamp } from '../../../lib/time.ts';
import type { World } from '../../../lib/world.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { readHead } from '../verify/verify.ts';
import { copyVerified, discardCopy, publishCopy } from './backup.ts';
import type { UpgradeReport } from './data-migration/report.ts';
import { bytesToMove, refuseFullDisk, sizeOf } from './data-migration/room.ts';
import { openReadOnly, openReadOnlyAgain } from './open-readonly.ts';
import { schemaVersionOf } from './schema-version.ts';

export interface Copying {
  readonly file: string;
  readonly from: string;
  readonly client: Database;
  readonly world: Pick<World, 'now'>;
  readonly log: Log;
  /** Bytes that are free on the disk. */
  readonly free: number;
  readonly mode: number;
  readonly report: UpgradeReport;
  /** Faults of the original are added here. */
  readonly faults: string[];
}

/** Returns the path of the copy. */
export function copyBefore({ file, from, client, world, log, free, faults, mode, report }: Copying): string {
  const { dir } = parse(file);
  const stem = `${stemOf(file)}${from}-`;
  const earlier = readdirSync(dir).filter((found) => found.startsWith(stem));
  // The lock is held, so an unfinished copy belongs to a start that was killed.
  for (const partial of earlier.filter((found) => found.endsWith('.partial'))) discardCopy(join(dir, partial));
  const same = earlier.filter((found) => found.endsWith('.db')).find((found) => isCopyOf(join(dir, found), client));
  const bytes = sizeOf(client);
  refuseFullDisk(file, { free, needed: (same === undefined ? bytes : 0) + bytesToMove(client) });
  // Repeated starts must not fill the disk with copies.
  if (same !== undefined) return join(dir, same);
  const path = join(dir, `${stem}${fileTimestamp(world.now())}.db`);
  log.info({ database: file, backup: path, bytes }, 'copying the database before its upgrade');
  try {
    const progress = (done: number, total: number) => report('verify the copy', { done, total });
    const options = { mode, progress, open: openReadOnlyAgain, excuse: (fault: string) => faults.push(fault) };
    copyVerified(file, `${path}.partial`, options);
    publishCopy(`${path}.partial`, path);
    return path;
  } catch (error) {
    throw refused(file, `${reasonOf(error)}. It was not changed`, error);
  }
}

function stemOf(file: string): string {
  return `${parse(file).name}-before-upgrade-from-`;
}

/** Returns the newest copy. Names contain the generation, which grows, and then the time of the copy. */
export function copyOf(file: string): string {
  const { dir } = parse(file);
  const copies = readdirSync(dir).filter((found) => found.startsWith(stemOf(file)) && found.endsWith('.db'));
  const newest = copies.toSorted().at(-1);
  return newest === undefined ? 'a backup of before it' : join(dir, newest);
}

/** Each change has an entry, so that an equal end of the trail means an equal state. */
function isCopyOf(path: string, client: Database): boolean {
  try {
    const copy = openReadOnly(path);
    try {
      const [there, here] = [copy, client].map((one) => [schemaVersionOf(one), readHead(one), countsOf(one)]);
      return JSON.stringify(there) === JSON.stringify(here);
    } finally {
      copy.close();
    }
  } catch {
    // An unreadable file is not a valid copy.
    return false;
  }
}

export type Counts = Readonly<Record<string, number>>;

export function countsOf(client: Database): Counts {
  const tables = client
    .prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')
        AND name IN ('executions', 'audit_events', 'callback_bodies', 'notifications') ORDER BY name`,
    )
    .pluck();
  const count = (table: string) => client.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
  return Object.fromEntries(tables.all().map((table) => [table, count(table)]));
}

export function refused(file: string, why: string, cause?: unknown): DatabaseRefused {
  return new DatabaseRefused(`${file} is of an older version and was not upgraded: ${why}`, { cause });
}
