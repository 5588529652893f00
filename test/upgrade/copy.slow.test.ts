// A database of an older version is copied before it is changed, and no failure loses data.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase, type Upgrade, type UpgradeHooks } from '../../src/store/sqlite/file/open.ts';
import { upgradeWithBackup } from '../../src/store/sqlite/file/upgrade.ts';
import { hasLock, LISTS_LOCKS } from '../support/file-locks.ts';
import { quietLog } from '../support/quiet-log.ts';
import {
  contents,
  fatal,
  filesBeside,
  findings,
  generation,
  look,
  NEWEST,
  NOW,
  OLDER,
  upgrade,
  upgrading,
  writtenBy,
} from './written.ts';

/** The upgrade, with the faults that a test injects. */
function meddling(change: (upgrade: Upgrade) => Upgrade): UpgradeHooks {
  const care = upgradeWithBackup(upgrading());
  return { ...care, upgrade: (step) => care.upgrade(change(step)) };
}

const UPGRADE_PROCESS = fileURLToPath(new URL('upgrade-process.ts', import.meta.url));

/** The last one, so that no other takes its place. */
const DELETE_ONE = `DROP TRIGGER execution_rows_no_delete;
  DELETE FROM execution_rows WHERE correlation_id = 'open-queued'`;

/** An upgrade that does something once the rows are moved. */
function afterMove(then: (upgrade: Upgrade) => void): UpgradeHooks {
  return meddling((step) => ({
    ...step,
    moveRows: function* () {
      yield* step.moveRows();
      then(step);
    },
  }));
}

const COPY = (from: string) => `receiver-before-upgrade-from-${from}-2026-11-22T20-30-00-000Z.db`;

/** A database of an older version whose receiver was killed: its log holds a commit. */
function killedWith(version: string): string {
  const path = writtenBy(version);
  const writer = new Database(path);
  onTestFinished(() => void writer.close());
  writer.pragma('journal_mode = WAL');
  writer.exec("UPDATE heartbeat SET at = '2026-11-22T20:00:00.000Z'");
  const left = writtenBy(version);
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, left + suffix);
  return left;
}

test.runIf(LISTS_LOCKS)('the upgrade of a file with a log keeps the lock on it', () => {
  const database = openDatabase(killedWith('0003'), upgradeWithBackup(upgrading()));
  onTestFinished(() => database.close());
  expect(hasLock(database.file)).toBe(true);
});

describe.each(OLDER)('before a database of %s is changed', (version) => {
  test('a sound copy of it is stored next to it, readable only by its owner, and reported', () => {
    const path = writtenBy(version);
    const before = contents(path);
    const copies = new Set<unknown>();
    upgrade(path, upgrading({ ...quietLog(), info: ({ backup }) => void (backup && copies.add(backup)) }));
    const copy = join(path, '..', COPY(version));
    expect(filesBeside(path)).toEqual([COPY(version)]);
    expect(contents(copy)).toEqual(before);
    expect(generation(copy)).toEqual({ age: 'older', name: version });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect([...copies]).toEqual([copy]);
  });

  test('it is refused on a disk without room for the copy, and stays unchanged', () => {
    const path = writtenBy(version);
    const bytes = readFileSync(path);
    expect(() => upgrade(path, { ...upgrading(), freeBytesIn: () => 1_000_000 })).toThrow(
      /needs 17 MiB on the disk, which has 1 MiB free. Nothing was changed: make room/,
    );
    expect(generation(path)).toEqual({ age: 'older', name: version });
    expect(contents(path).executions).toHaveLength(16);
    expect(readFileSync(path).length).toBe(bytes.length);
    expect(filesBeside(path)).toEqual([]);
    upgrade(path);
    expect(generation(path)).toEqual({ age: 'current' });
  });

  test('a kill between copy and upgrade leaves a file that opens again, and is not copied twice', () => {
    const path = writtenBy(version);
    const killed = () =>
      openDatabase(
        path,
        meddling((step) => ({ ...step, migrate: () => fatal(new Error('killed')) })),
      );
    expect(killed).toThrow('was not upgraded: Error: killed. It holds what it held');
    expect(generation(path)).toEqual({ age: 'older', name: version });
    upgrade(path, upgrading(quietLog(), NOW + 60_000));
    expect(filesBeside(path)).toEqual([COPY(version)]);
    expect(generation(path)).toEqual({ age: 'current' });
  });
});

const [OLD = ''] = OLDER;

test('a database of this version is opened without a copy', () => {
  const path = writtenBy(NEWEST);
  upgrade(path);
  expect(generation(path)).toEqual({ age: 'current' });
  const files = filesBeside(path);
  upgrade(path, upgrading(quietLog(), NOW + 60_000));
  expect(filesBeside(path)).toEqual(files);
});

test('a partial copy of a killed process is removed, and no file is overwritten', () => {
  const path = writtenBy(OLD);
  const beside = (name: string) => join(path, '..', name);
  writeFileSync(beside(`receiver-before-upgrade-from-${OLD}-2026-01-01T00-00-00-000Z.db.partial`), 'half');
  mkdirSync(beside(COPY(OLD)));
  expect(() => upgrade(path)).toThrow(/was not upgraded: .*EEXIST.*It was not changed/);
  expect(filesBeside(path)).toEqual([COPY(OLD)]);
  expect(generation(path)).toEqual({ age: 'older', name: OLD });
});

test('a copy of another state, or an unreadable one, does not count: another is made', () => {
  const path = writtenBy(OLD);
  const beside = (name: string) => join(path, '..', `receiver-before-upgrade-from-${OLD}-${name}.db`);
  copyFileSync(path, beside('2026-01-01T00-00-00-000Z'));
  copyFileSync(path, beside('2026-01-02T00-00-00-000Z'));
  truncateSync(beside('2026-01-02T00-00-00-000Z'), 5000);
  const sql = new Database(beside('2026-01-01T00-00-00-000Z'));
  sql.exec("DELETE FROM executions WHERE correlation_id = 'ended-1'");
  sql.close();
  upgrade(path);
  expect(filesBeside(path)).toContain(COPY(OLD));
});

test('a trail that was already invalid does not keep the receiver from starting: it is copied unchanged, and reported', () => {
  const path = writtenBy(OLD);
  const sql = new Database(path);
  sql.exec("DROP TRIGGER audit_events_no_update; UPDATE audit_events SET app = 'x' WHERE id = 5");
  sql.close();
  const log = quietLog();
  upgrade(path, upgrading(log));
  expect(log.lines).toMatchObject([{ level: 'warn', facts: { fault: expect.stringContaining('entry 5') } }]);
  expect(filesBeside(path)).toEqual([COPY(OLD)]);
  expect(generation(path)).toEqual({ age: 'current' });
});

test('an upgrade that loses a row is never used, however often it is started, and the error names the copy', () => {
  const path = writtenBy(OLD);
  const lossy = afterMove(({ client }) => void client.exec(DELETE_ONE));
  expect(() => openDatabase(path, lossy)).toThrow(
    /executions had 16 rows and has 15: put .*before-upgrade.* in its place/,
  );
  for (const _ of ['again', 'and again'])
    expect(() => upgrade(path)).toThrow(new RegExp(`put .*${COPY(OLD)} in its place`));
  copyFileSync(join(path, '..', COPY(OLD)), path);
  upgrade(path);
  expect(contents(path).executions).toHaveLength(16);
});

describe('a database whose upgrade was killed before its check', () => {
  function killed(): string {
    const path = writtenBy(OLD);
    const kill = afterMove(() => fatal(new Error('killed')));
    expect(() => openDatabase(path, kill)).toThrow('killed');
    expect(() => generation(path)).toThrow('in the middle of its upgrade');
    return path;
  }

  test('is checked at the next start, once', () => {
    const path = killed();
    upgrade(path);
    look(path, (client) => expect(client.pragma('user_version', { simple: true })).toBe(0));
    expect(contents(path)).toEqual(contents(writtenBy(OLD)));
  });

  test('is checked once, also if it had no rows to move', () => {
    const path = writtenBy(NEWEST);
    upgrade(path);
    const sql = new Database(path);
    sql.pragma('user_version = 1');
    sql.close();
    upgrade(path);
    look(path, (client) => expect(client.pragma('user_version', { simple: true })).toBe(0));
  });

  test('is refused when rows are missing', () => {
    const path = killed();
    const sql = new Database(path);
    sql.exec('DELETE FROM outcome_rows WHERE id = 1');
    sql.close();
    expect(() => upgrade(path)).toThrow(/was upgraded, but the trail does not hold: .*put .* in its place/);
  });
});

test('a database of a newer version is refused before anything is copied', () => {
  const path = writtenBy(NEWEST);
  const sql = new Database(path);
  sql.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)");
  sql.close();
  expect(() => upgrade(path)).toThrow(/written by a newer version.*run that version, or restore a backup/);
  expect(filesBeside(path)).toEqual([]);
});

test('a database whose upgrade is killed again and again opens in the end and has lost nothing', async () => {
  const path = writtenBy(OLD);
  const before = contents(path);
  const signals: unknown[] = [];
  // The process writes a line at its begin, and then one for each slice.
  for (const lines of [1, 2, 1, 3, 5, 8, 13, 21]) {
    const child = spawn(process.execPath, [UPGRADE_PROCESS, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    await Promise.race([untilLines(child.stdout, lines), exited]);
    child.kill('SIGKILL');
    const [code, signal] = await exited;
    expect(code ?? 0).toBe(0);
    signals.push(signal);
  }
  expect(signals).toContain('SIGKILL');
  upgrade(path);
  expect(contents(path)).toEqual(before);
  expect(findings(path)).toEqual([]);
  expect(filesBeside(path).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

async function untilLines(output: Readable, lines: number): Promise<void> {
  let found = 0;
  for await (const chunk of output) {
    found += String(chunk).split('\n').length - 1;
    if (found >= lines) return;
  }
}
