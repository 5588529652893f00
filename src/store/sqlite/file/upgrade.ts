// Upgrades a file of an older version: makes a verified copy of it first, and verifies the file afterwards.

import { readdirSync, statfsSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import type { Database } from 'better-sqlite3';
import { withCommandName } from '../../../lib/command-name.ts';
import { type Log, reasonOf } from '../../../lib/log.ts';
import { fileTimestamp } from '../../../lib/time.ts';
import type { World } from '../../../lib/world.ts';
import { readHead, verifyAudit } from '../verify/verify.ts';
import { copyVerified, discardCopy, publishCopy } from './backup.ts';
import { DatabaseRefused } from './database-refused.ts';
import { PRIVATE_MODE } from './file-mode.ts';
import { UNVERIFIED, type UpgradeHooks } from './open.ts';
import { openReadOnly, openReadOnlyAgain } from './open-readonly.ts';
import { schemaVersionOf } from './schema-version.ts';

export interface UpgradeOptions {
  readonly world: Pick<World, 'now'>;
  readonly log: Log;
  readonly freeBytesIn?: (folder: string) => number;
  /** Mode of the copy; default: 0600. */
  readonly mode?: number;
}

const MIB = 1024 * 1024;
/** Free space that is required besides the copy and as much again for the migrations. */
const SPARE_BYTES = 16 * MIB;

/** Killed at any moment, it leaves a file that opens. A file that did not keep everything is refused at every start. */
export function upgradeWithBackup({
  world,
  log,
  freeBytesIn = freeBytes,
  mode = PRIVATE_MODE,
}: UpgradeOptions): UpgradeHooks {
  function demandWhole(file: string, client: Database, backup: string, problem: string | null): void {
    // promise: lossy-upgrade-stops
    if (problem === null) return void client.pragma('user_version = 0');
    log.error({ database: file, problem, backup }, 'the upgrade did not keep everything');
    throw new DatabaseRefused(
      `${file} was upgraded, but ${problem}: put ${backup} in its place and run the version that wrote it`,
    );
  }

  return {
    upgrade: ({ file, from, client, migrate }) => {
      const begun = world.now();
      const faults: string[] = [];
      const before = countsOf(client);
      // promise: copy-before-upgrade
      const backup = copyBefore({ file, from, client, world, freeBytesIn, faults, mode });
      for (const fault of faults) log.warn({ database: file, fault }, FAULTY);
      const wasSound = faults.length === 0;
      try {
        // promise: lossy-upgrade-stays-stopped
        if (wasSound) client.pragma(`user_version = ${UNVERIFIED}`);
        // promise: upgrade-after-copy
        migrate();
      } catch (error) {
        throw refused(file, `${reasonOf(error)}. It holds what it held, and ${backup} is a copy of it`, error);
      }
      demandWhole(file, client, backup, lost(before, countsOf(client)) ?? (wasSound ? faultOf(client) : null));
      log.info({ database: file, from, backup, ...before, tookMs: world.now() - begun }, UPGRADED);
    },
    verify: ({ file, client }) =>
      demandWhole(file, client, newestCopyOf(file) ?? 'a backup of before it', faultOf(client)),
  };
}

const UPGRADED = 'the database is upgraded and verified; the copy of its former state stays until you remove it';
const FAULTY = withCommandName('the database had a fault before its upgrade: npm run audit -- verify shows it');

interface Copying {
  readonly file: string;
  readonly from: string;
  readonly client: Database;
  readonly world: Pick<World, 'now'>;
  readonly freeBytesIn: (folder: string) => number;
  readonly mode: number;
  /** Faults of the original are added here. */
  readonly faults: string[];
}

/** Returns the path of the copy. */
function copyBefore({ file, from, client, world, freeBytesIn, faults, mode }: Copying): string {
  const { dir } = parse(file);
  const stem = `${stemOf(file)}${from}-`;
  const earlier = readdirSync(dir).filter((found) => found.startsWith(stem));
  // The lock is held, so an unfinished copy belongs to a start that was killed.
  for (const partial of earlier.filter((found) => found.endsWith('.partial'))) discardCopy(join(dir, partial));
  const same = earlier.filter((found) => found.endsWith('.db')).find((found) => isCopyOf(join(dir, found), client));
  const bytes = sizeOf(client);
  refuseFullDisk(file, freeBytesIn(dirname(file)), (same === undefined ? 2 : 1) * bytes + SPARE_BYTES);
  // Repeated starts must not fill the disk with copies.
  if (same !== undefined) return join(dir, same);
  const path = join(dir, `${stem}${fileTimestamp(world.now())}.db`);
  try {
    const options = { mode, open: openReadOnlyAgain, excuse: (fault: string) => faults.push(fault) };
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

/** Names contain the generation, which grows, and then the time of the copy. */
function newestCopyOf(file: string): string | undefined {
  const { dir } = parse(file);
  const copies = readdirSync(dir).filter((found) => found.startsWith(stemOf(file)) && found.endsWith('.db'));
  return copies
    .toSorted()
    .map((name) => join(dir, name))
    .at(-1);
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

type Counts = Readonly<Record<string, number>>;

function countsOf(client: Database): Counts {
  const tables = client
    .prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type = 'table'
        AND name IN ('executions', 'audit_events', 'callback_bodies', 'notifications') ORDER BY name`,
    )
    .pluck();
  const count = (table: string) => client.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
  return Object.fromEntries(tables.all().map((table) => [table, count(table)]));
}

function lost(before: Counts, after: Counts): string | null {
  const table = Object.keys(before).find((name) => before[name] !== after[name]);
  return table === undefined ? null : `${table} had ${before[table]} rows and has ${after[table]}`;
}

function faultOf(client: Database): string | null {
  const [finding] = verifyAudit(client).findings;
  if (finding !== undefined) return `the trail does not hold: ${finding.message}`;
  const difference = client.prepare('SELECT difference FROM conservation').pluck().get();
  return difference === 0 ? null : `conservation is off by ${String(difference)}`;
}

function sizeOf(client: Database): number {
  const page = (name: string) => Number(client.pragma(name, { simple: true }));
  return page('page_count') * page('page_size');
}

function refuseFullDisk(file: string, free: number, needed: number): void {
  // promise: no-upgrade-without-room
  if (free >= needed) return;
  const mib = (bytes: number) => Math.ceil(bytes / MIB);
  throw refused(
    file,
    `the disk has ${mib(free)} MiB free, and the copy that comes first and the upgrade take ${mib(needed)} MiB. It was not changed: make room and start again`,
  );
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function refused(file: string, why: string, cause?: unknown): DatabaseRefused {
  return new DatabaseRefused(`${file} is of an older version and was not upgraded: ${why}`, { cause });
}
