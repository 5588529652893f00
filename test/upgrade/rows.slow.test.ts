// The rows of an older version are moved in slices: a process that ends at any moment loses nothing, and the next one continues.

import { copyFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Interrupted, runInTurns } from '../../src/lib/steps.ts';
import { systemWorld } from '../../src/lib/world.ts';
import { backUp } from '../../src/store/sqlite/file/backup.ts';
import { compact } from '../../src/store/sqlite/file/compact.ts';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { openReadOnly } from '../../src/store/sqlite/file/open-readonly.ts';
import { restore } from '../../src/store/sqlite/file/restore.ts';
import { upgradeWithBackup } from '../../src/store/sqlite/file/upgrade.ts';
import { command } from '../cli/harness.ts';
import { run } from '../support/process.ts';
import { quietLog } from '../support/quiet-log.ts';
import { temporaryFolder } from '../support/temporary.ts';
import {
  contents,
  fatal,
  filesBeside,
  findings,
  generation,
  NOW,
  OLDER,
  readings,
  SLICE,
  upgrade,
  upgradeInSteps,
  upgrading,
  WITH_WIDE_ROWS,
  writtenBy,
} from './written.ts';

const OLD = WITH_WIDE_ROWS.at(-1) ?? '';

function changed(path: string, sql: string): string {
  const client = new Database(path);
  client.exec(sql);
  client.close();
  return path;
}

/** The files of a database as they are on the disk at this moment. */
function imageOf(path: string): string {
  const folder = temporaryFolder();
  for (const name of readdirSync(dirname(path))) copyFileSync(join(dirname(path), name), join(folder, name));
  return join(folder, 'receiver.db');
}

/** A file in the middle of its upgrade, whose process has ended. */
function unfinished(version: string, slices = 2): string {
  const path = writtenBy(version);
  const steps = upgradeInSteps(path);
  for (let i = 0; i < slices; i += 1) steps.next();
  const image = imageOf(path);
  expect(() => steps.throw(new Error('ended'))).toThrow('ended');
  return image;
}

describe.each(OLDER)('the rows of %s', (version) => {
  test('have every column as before', () => {
    const path = writtenBy(version);
    const before = readings(path);
    upgrade(path);
    const after = readings(path);
    for (const [name, rows] of Object.entries(before)) {
      expect(after[name]).toHaveLength(rows.length);
      expect(after[name]).toMatchObject(rows);
    }
  });
});

describe.each(WITH_WIDE_ROWS)('the rows of %s', (version) => {
  test('are all there after a kill at each step of the upgrade, and no second copy is made', {
    timeout: 120_000,
  }, () => {
    const path = writtenBy(version);
    const before = contents(path);
    const images: string[] = [];
    for (const steps = upgradeInSteps(path); !steps.next().done; ) images.push(imageOf(path));
    expect(images.length).toBeGreaterThan(5);
    for (const image of images) {
      upgrade(image, upgrading(quietLog(), NOW + 60_000));
      expect(contents(image)).toEqual(before);
      expect(findings(image)).toEqual([]);
      expect(generation(image)).toEqual({ age: 'current' });
      expect(filesBeside(image)).toHaveLength(1);
    }
  });
});

test('a killed upgrade may be killed again and again', () => {
  const path = writtenBy(OLD);
  const before = contents(path);
  let ends = 0;
  for (let next = path; ; ends += 1) {
    const steps = upgradeInSteps(next, upgrading(), { ...SLICE, rows: 30 });
    steps.next();
    if (steps.next().done) {
      expect(contents(next)).toEqual(before);
      break;
    }
    next = imageOf(next);
    expect(() => steps.throw(new Error('ended'))).toThrow('ended');
  }
  expect(ends).toBeGreaterThan(3);
});

test('what an altered file has stays as it is, also entries without their execution', () => {
  const altered = `DROP TRIGGER audit_events_no_update; DROP TRIGGER executions_terminal_stays;
    DELETE FROM executions WHERE correlation_id IN ('ended-1', 'ended-2');
    UPDATE executions SET status = 'STRANGE', resolved_by = 'nobody', fingerprint = 'none' WHERE correlation_id = 'ended-3';
    UPDATE executions SET reference = upper(reference) WHERE correlation_id = 'ended-4';
    UPDATE executions SET reference = 'not a uuid', result = '' WHERE correlation_id = 'ended-5';
    UPDATE audit_events SET event = 'STRANGE', app = 'x', action_id = '', hash = upper(hash) WHERE id % 9 = 0;
    UPDATE audit_events SET execution_id = '1', detail = '' WHERE id % 9 = 1`;
  const path = changed(writtenBy(OLD), altered);
  const before = readings(path);
  upgrade(path);
  expect(readings(path)).toMatchObject({ executions: before['executions'], entries: before['entries'] });
});

describe('a row that has no place in the tables of this version', () => {
  const path = () =>
    changed(writtenBy(OLD), "UPDATE executions SET sent_at = 'yesterday' WHERE correlation_id = 'ended-9'");

  test('ends the upgrade at every start, with the name of the copy to go back to', () => {
    const file = path();
    for (const _ of ['once', 'and again']) {
      expect(() => upgrade(file)).toThrow(
        /in the middle of its upgrade.*ended-9 of executions is not the same.*put .*before-upgrade-from-0004-2026.*in its place/,
      );
    }
    expect(filesBeside(file)).toHaveLength(1);
    expect(contents(join(dirname(file), filesBeside(file)[0] ?? ''))).toEqual(contents(path()));
  });
});

describe('a signal during the upgrade', () => {
  const stopped = (path: string, after: number) => {
    let slices = 0;
    const stop = new AbortController();
    return runInTurns(upgradeInSteps(path), () => {
      slices += 1;
      if (slices === after) stop.abort();
      return stop.signal;
    });
  };

  test('ends it after the present slice, and the next start continues', async () => {
    const path = writtenBy(OLD);
    const before = contents(path);
    await expect(stopped(path, 3)).rejects.toThrow(Interrupted);
    expect(() => generation(path)).toThrow('in the middle of its upgrade');
    const database = await stopped(path, 0);
    database.close();
    expect(contents(path)).toEqual(before);
  });
});

/** Rows for many slices, which the trail does not know. */
const MANY = `INSERT INTO executions (correlation_id, reference, app, action_id, hearsay, status, inputs, context, submitted_at, poll_count,
    attempts, timeout_seconds, grace_seconds, retry_uncertain, fingerprint)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
  SELECT 'more-' || i, format('0197a8c0-0000-7000-8000-%012d', i), 'shop', 'charge-card', 0, 'CANCELLED', '{}', '{}',
    '2026-01-31T12:00:00.000Z', 0, 0, 30, 0, 0, '' FROM n`;

test('a started receiver ends with 0 on a SIGTERM during the upgrade, and the next start continues', {
  timeout: 120_000,
}, async () => {
  const path = changed(writtenBy(OLD), MANY);
  const env = {
    ...{ CXONE_BASE_URL: 'http://127.0.0.1:1', CXONE_CLIENT_ID: 'id', CXONE_CLIENT_SECRET: 'secret' },
    ...{ PUBLIC_URL: 'http://127.0.0.1:1', PORT: '0', CALLBACK_SECRET: 'a-secret-for-upgrades-of-32-characters' },
    ...{ APP_KEYS: 'shop:the-shop-key-0123456789', DATABASE_PATH: path },
  };
  const first = run(['start'], env);
  await first.line((line) => line.includes('"move rows"'));
  first.child.kill('SIGTERM');
  const { code, stdout } = await first.finished;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/stopped in the middle of an upgrade|"stopped"/)]);
  const second = run(['start'], env);
  await second.line((line) => line.includes('"listening"'));
  second.child.kill('SIGTERM');
  expect((await second.finished).code).toBe(0);
  expect(contents(path).executions).toHaveLength(12_016);
  expect(filesBeside(path)).toHaveLength(1);
});

describe('a file in the middle of its upgrade', () => {
  const MIDDLE = /receiver.db is in the middle of its upgrade: start the receiver, which continues it/;

  test('is refused by everything that only reads it or copies it', async () => {
    const path = unfinished(OLD);
    expect(() => openReadOnly(path)).toThrow(MIDDLE);
    expect(() => backUp(path, join(temporaryFolder(), 'backup.db'))).toThrow(MIDDLE);
    expect(() => compact(path)).toThrow(MIDDLE);
    const options = { world: systemWorld, log: quietLog(), sendQueued: false };
    await expect(restore(path, join(temporaryFolder(), 'receiver.db'), options)).rejects.toThrow(MIDDLE);
    for (const args of ['audit verify', 'executions list', 'stats', 'executions export', `audit verify ${path}`]) {
      const { code, err } = await command(args, { DATABASE_PATH: path });
      expect([args, code, err]).toEqual([args, 2, expect.stringMatching(MIDDLE)]);
    }
    const doctor = await command('doctor', { DATABASE_PATH: path });
    expect(doctor.out).toMatch(MIDDLE);
    upgrade(path);
    openReadOnly(path).close();
  });

  test('is for an older version a file of a newer one', () => {
    const path = unfinished(OLD);
    const client = new Database(path, { readonly: true });
    onTestFinished(() => void client.close());
    const newest = client.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get();
    const older = new Database(writtenBy(OLD), { readonly: true });
    onTestFinished(() => void older.close());
    expect(newest).toBeGreaterThan(
      Number(older.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get()),
    );
  });

  test('needs room for the rest of its rows, and says how much', () => {
    const path = unfinished(OLD);
    expect(() => upgrade(path, { ...upgrading(), freeBytesIn: () => 1_000_000 })).toThrow(
      /its upgrade needs 17 MiB on the disk, which has 1 MiB free.*make room and start again/,
    );
    upgrade(path);
    expect(findings(path)).toEqual([]);
  });

  test('is checked before what was moved is removed', () => {
    const path = unfinished(OLD, 3);
    changed(path, "DELETE FROM payload_rows WHERE id = 1; UPDATE outcome_rows SET result = '{}' WHERE id = 2");
    expect(() => upgrade(path)).toThrow(/was upgraded, but .*put .*before-upgrade-from-0004.* in its place/);
    expect(() => upgrade(path)).toThrow(/was upgraded, but /);
  });
});

describe('a backup that was put in place with cp', () => {
  function copied(): string {
    const source = writtenBy(OLD);
    const path = join(temporaryFolder(), 'receiver.db');
    backUp(source, path);
    return path;
  }

  test('is still a backup after a kill in its upgrade, so that its queue is not sent', () => {
    const path = copied();
    const images: string[] = [];
    for (const steps = upgradeInSteps(path); !steps.next().done; ) images.push(imageOf(path));
    for (const image of images) {
      const database = openDatabase(image, upgradeWithBackup(upgrading()));
      expect(database.restored).toMatchObject({ from: 'backup' });
      database.close();
    }
  });
});

test('a restore needs room for the upgrade of its backup', async () => {
  const target = join(temporaryFolder(), 'receiver.db');
  copyFileSync(writtenBy(OLD), target);
  const hooks = upgradeWithBackup({ ...upgrading(), isCopy: true, freeBytesIn: () => 1_000_000 });
  expect(() => openDatabase(target, hooks)).toThrow(/its upgrade needs 17 MiB/);
  expect(filesBeside(target)).toEqual([]);
});

test('the log and the display have the progress of each part', () => {
  const path = writtenBy(OLD);
  let elapsed = 0;
  const world = {
    ...systemWorld,
    now: () => NOW,
    elapsed: () => {
      elapsed += 2_000;
      return elapsed;
    },
  };
  const lines: { message: string; facts: Readonly<Record<string, unknown>> }[] = [];
  const shown: { step: string; done: number; total: number }[] = [];
  const log = {
    ...quietLog(),
    info: (facts: object, message: string) => void lines.push({ message, facts: { ...facts } }),
  };
  const upgradeDisplay = {
    at: (step: string, progress: { done: number; total: number }) => void shown.push({ step, ...progress }),
    clear: () => {},
  };
  upgrade(path, { world, log, upgradeDisplay, fatal } as Parameters<typeof upgrade>[1]);
  const progress = lines.filter(({ message }) => message === 'upgrading the database');
  expect(progress.length).toBeGreaterThan(2);
  for (const { facts } of progress) {
    const { done, total } = facts as { done: number; total: number };
    expect(facts).toMatchObject({ database: path, percent: Math.floor((100 * done) / total) });
  }
  expect(lines[0]?.message).toBe('copying the database before its upgrade');
  expect(lines.at(-1)?.message).toContain('is upgraded and verified');
  expect([...new Set(shown.map(({ step }) => step))]).toEqual([
    'verify the copy',
    'move rows',
    'verify',
    'return space',
  ]);
  const moved = shown.filter(({ step }) => step === 'move rows');
  expect(moved[0]).toMatchObject({ done: 0, total: 127 });
  expect(moved.at(-1)).toMatchObject({ done: 127, total: 127 });
});
