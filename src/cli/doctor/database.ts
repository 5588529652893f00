// Whether the database is whole, without disturbing a receiver that writes it.

import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { withCommandName } from '../../lib/command-name.ts';
import { many } from '../../lib/figures.ts';
import { reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import { DatabaseRefused } from '../../store/shared/database-refused.ts';
import { realDatabasePath } from '../../store/sqlite/file/lock.ts';
import { movedMessage, readMoveMark } from '../../store/sqlite/file/move/mark.ts';
import { openReadOnly, schemaAge } from '../../store/sqlite/file/open-readonly.ts';
import { verifyAudit } from '../../store/sqlite/verify/verify.ts';
import { type Check, conservationOf, fail, ok, warn } from './check.ts';
import { checkPermissions } from './permissions.ts';
import { checkRecentResponses } from './recent-responses.ts';

const MIB = 1024 * 1024;
const DISK_FAIL = 100 * MIB;
const DISK_WARN = 1024 * MIB;
/** After a checkpoint the WAL shrinks to 64 MiB; far beyond that something keeps it from being reset. */
const WAL_WARN = 256 * MIB;
/** An entry with a time in the future shows that the clock was set back. */
const FUTURE_MS = 5_000;

export interface DatabaseOptions {
  readonly path: string;
  /** DATABASE_MODE; null if it is invalid. */
  readonly mode: number | null;
  readonly retentionDays: number | null;
  readonly world: Pick<World, 'now'>;
  readonly progress: (done: number, total: number) => void;
}

export function checkDatabase(options: DatabaseOptions): Check[] {
  const path = realDatabasePath(options.path);
  if (!existsSync(path)) return [absent(path), ...disk(path, 0)];
  return [
    ...contents(path, options),
    ...disk(path, statSync(path).size),
    wal(path),
    checkPermissions(path, options.mode),
  ];
}

function absent(path: string): Check {
  let folder = dirname(path);
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return warn('database', `${path} is not there yet`, 'nothing to do before the first start: that makes it');
  } catch {
    return fail('database', `${path} is not there, and ${folder} may not be written`, 'let the receiver write there');
  }
}

function contents(path: string, options: DatabaseOptions): Check[] {
  let client: Database;
  try {
    client = openReadOnly(path);
  } catch (error) {
    if (!(error instanceof DatabaseRefused)) throw error;
    return [fail('database', error.message, 'see DATABASE_PATH; if it is damaged, restore a backup')];
  }
  try {
    return [
      schema(client, path),
      ...moved(client, path),
      integrity(client),
      ...trail(client, options),
      conservation(client),
      ...recent(client, options),
    ];
  } catch (error) {
    return [fail('database', `${path} cannot be read: ${reasonOf(error)}`, 'restore a backup if it is damaged')];
  } finally {
    client.close();
  }
}

function schema(client: Database, path: string): Check {
  switch (schemaAge(client)) {
    case 'current':
      return ok('database', path);
    case 'older':
      return warn('database', `${path} is of an older version`, 'make a backup; the next start migrates it');
    case 'newer':
      return fail('database', `${path} is of a newer version`, 'run that version, or restore a backup');
  }
}

function moved(client: Database, path: string): Check[] {
  const mark = readMoveMark(client);
  if (mark === null) return [];
  return [fail('moved', movedMessage(path, mark), 'a receiver does not start on this file')];
}

/** Columns of an older version may differ; the next start migrates it. */
function recent(client: Database, { world }: DatabaseOptions): Check[] {
  return schemaAge(client) === 'current' ? checkRecentResponses(client, world) : [];
}

function integrity(client: Database): Check {
  const [first, ...others] = client.prepare<[], string>('PRAGMA integrity_check(20)').pluck().all();
  if (first === 'ok') return ok('integrity', 'the file is sound');
  const more = others.length > 0 ? `, and ${others.length} more` : '';
  return fail('integrity', `${first}${more}`, 'stop the receiver, keep the file, restore a backup');
}

function trail(client: Database, { retentionDays, world, progress }: DatabaseOptions): Check[] {
  const { findings, entries, prunedThrough, head, gaps } = verifyAudit(client, { progress });
  const [first] = findings;
  const checks: Check[] = [];
  if (first === undefined) checks.push(ok('audit chain', `${many(entries, 'entry')} verified, through ${head.id}`));
  else {
    const more = withCommandName('npm run audit -- verify');
    const advice = `find out who wrote the file; ${more} shows more; with --head it compares the trail with the log`;
    checks.push(fail('audit chain', first.message, advice));
  }
  if (prunedThrough > 0 && retentionDays === 0) {
    const message = `it begins behind entry ${prunedThrough}, though AUDIT_RETENTION_DAYS keeps everything`;
    checks.push(
      warn('audit chain', message, 'fine if entries were pruned in earlier days; else find out who removed them'),
    );
  }
  for (const { after, next, restoredAt } of gaps) {
    const when = new Date(restoredAt).toISOString();
    checks.push(ok('restore', `restored from an older copy at ${when}: after entry ${after}, ids continue at ${next}`));
  }
  const newest = client
    .prepare<[number], string>('SELECT timestamp FROM audit_events WHERE id = ?')
    .pluck()
    .get(head.id);
  if (newest !== undefined && Date.parse(newest) > world.now() + FUTURE_MS) {
    checks.push(warn('clock', `the newest entry is of ${newest}, which is to come`, 'set the clock right (NTP)'));
  }
  return checks;
}

function conservation(client: Database): Check {
  return conservationOf(client.prepare<[], Record<string, number>>('SELECT * FROM conservation').get());
}

function disk(path: string, size: number): Check[] {
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const message = `${Math.floor(free / MIB)} MiB free for a database of ${Math.ceil(size / MIB)} MiB`;
  if (free < DISK_FAIL) return [fail('disk', message, 'make room: without it submissions are answered 503')];
  if (free < DISK_WARN || free < size)
    return [warn('disk', message, 'make room: there is none for growth or a backup')];
  return [ok('disk', message)];
}

function wal(path: string): Check {
  const size = existsSync(`${path}-wal`) ? statSync(`${path}-wal`).size : 0;
  const message = `the WAL has ${Math.ceil(size / MIB)} MiB`;
  if (size <= WAL_WARN) return ok('wal', message);
  return warn('wal', message, 'end long reads (an open sqlite3 shell or report): they keep it from being reset');
}
