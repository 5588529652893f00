// The write-ahead log stays bounded, whatever is committed, read or broken meanwhile.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { yieldToEventLoop } from '../../../../../src/lib/event-loop.ts';
import { StoreUnavailable } from '../../../../../src/store/port.ts';
import {
  type CheckpointPhase,
  createCheckpointer,
} from '../../../../../src/store/sqlite/file/checkpoint/checkpointer.ts';
import { openPassConnection, type Passes } from '../../../../../src/store/sqlite/file/checkpoint/passes.ts';
import { createGroupCommit, unchanged } from '../../../../../src/store/sqlite/group-commit.ts';
import { createManualWorld } from '../../../../support/manual-world.ts';
import { quietLog } from '../../../../support/quiet-log.ts';
import { temporaryFolder } from '../../../../support/temporary.ts';

const DUE_FRAMES = 40;
const FRAME_BYTES = 4096 + 24;
/** Of one row. */
const MOST_FRAMES_OF_A_COMMIT = 3;
/** Turns of the event loop for which a pass is under way. Commits go on meanwhile. */
const PASS_TURNS = 12;

interface Disturbances {
  /** Called before each pass, with its number from 1. */
  readonly beforePass?: (pass: number) => void;
  readonly start?: () => Passes;
  /** Default: more than any round. */
  readonly passFrames?: number;
  /** Default: no commit is small. */
  readonly smallFrames?: number;
}

function open({ beforePass = () => {}, start, passFrames = 10 * DUE_FRAMES, smallFrames = 0 }: Disturbances = {}) {
  const path = join(temporaryFolder(), 'notes.db');
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE notes (text TEXT NOT NULL) STRICT');
  const world = createManualWorld();
  const log = quietLog();
  const fatal: unknown[] = [];
  const passes = { ended: (_reason: string) => {}, count: 0, underWay: 0 };
  const writer = createGroupCommit<never>(db, {
    world,
    committed: () => {},
    afterCommit: () => checkpoints.committed(),
    rolledBack: () => {},
    fatal: (error) => fatal.push(error),
  });
  const startHere = (file: string): Passes => {
    const connection = openPassConnection(file);
    const bound = new Database(file, { readonly: true });
    onTestFinished(() => {
      connection.close();
      bound.close();
    });
    return {
      run: async () => {
        passes.count += 1;
        beforePass(passes.count);
        passes.underWay += 1;
        // A pass copies what was committed when it began, and no commit after that.
        const [{ log: frames }] = db.pragma('wal_checkpoint(NOOP)') as [{ log: number }];
        bound.exec('BEGIN');
        bound.prepare('SELECT count(*) FROM notes').get();
        for (let turn = 0; turn < PASS_TURNS; turn += 1) await yieldToEventLoop();
        const { copied } = connection.pass();
        bound.exec('COMMIT');
        passes.underWay -= 1;
        return { frames, copied };
      },
      ended: new Promise((resolve) => {
        passes.ended = resolve;
      }),
      close: async () => connection.close(),
    };
  };
  const phases: CheckpointPhase[] = [];
  const observe = (phase: CheckpointPhase) => void phases.push(phase);
  const options = { start: start ?? startHere, dueFrames: DUE_FRAMES, passFrames, smallFrames, observe };
  const checkpoints = createCheckpointer({ client: db, writer, world, log }, options);
  onTestFinished(async () => {
    await writer.close();
    await checkpoints.close();
    db.close();
  });
  const insert = db.prepare("INSERT INTO notes VALUES (printf('%4000d', 1))");
  const write = () => writer.mutate(() => unchanged(insert.run().changes));
  /** One mutation with several frames. */
  const writeMany = (rows: number) =>
    writer.mutate(() => {
      for (let i = 0; i < rows; i += 1) insert.run();
      return unchanged(rows);
    });
  /** Two writers, so that there is always a mutation that waits. */
  const load = (commits: number) =>
    Promise.all(
      Array.from({ length: 2 }, async () => {
        for (let i = 0; i < commits / 2; i += 1) await write();
      }),
    );
  const frames = () => (db.pragma('wal_checkpoint(NOOP)') as [{ log: number }])[0].log;
  const walFrames = () => statSync(`${path}-wal`).size / FRAME_BYTES;
  const automatic = () => db.pragma('wal_autocheckpoint', { simple: true });
  const looks = { frames, walFrames, automatic };
  return { path, db, world, log, fatal, passes, phases, writer, checkpoints, write, writeMany, load, ...looks };
}

/** Another program that reads one state for long. */
function openReader(path: string) {
  const reader = new Database(path);
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM notes').get();
  onTestFinished(() => void reader.close());
  return reader;
}

test('under a load without a pause the log starts again and again, and its size stays bounded', async () => {
  const { load, walFrames, passes } = open();
  await load(1_000);
  expect(passes.count).toBeGreaterThan(4);
  expect(walFrames()).toBeLessThan(4 * DUE_FRAMES);
});

test('under load, short passes copy most of the log before commits are held for the rest', async () => {
  const { load, phases } = open({ passFrames: DUE_FRAMES / 4 });
  await load(2 * DUE_FRAMES);
  expect(phases.slice(0, 2)).toEqual(['beside', 'beside']);
  expect(phases).toContain('held');
});

test('after a short pass that fails, the next one waits for as many frames', async () => {
  const { write, frames, passes } = open({ passFrames: DUE_FRAMES / 4, beforePass: failure('SQLITE_FULL') });
  while (frames() < DUE_FRAMES - MOST_FRAMES_OF_A_COMMIT) await write();
  expect(passes.count).toBe(3);
});

test('small commits are copied when a round is due, and not before', async () => {
  const { write, frames, passes } = open({ passFrames: DUE_FRAMES / 4, smallFrames: MOST_FRAMES_OF_A_COMMIT + 1 });
  while (frames() < DUE_FRAMES - MOST_FRAMES_OF_A_COMMIT) await write();
  expect(passes.count).toBe(0);
  for (let i = 0; i < MOST_FRAMES_OF_A_COMMIT; i += 1) await write();
  expect(passes.count).toBeGreaterThan(0);
});

test('large commits of one mutation each are followed by short passes', async () => {
  const { writeMany, frames, passes } = open({ passFrames: DUE_FRAMES / 4, smallFrames: MOST_FRAMES_OF_A_COMMIT + 1 });
  while (frames() < DUE_FRAMES / 2) await writeMany(2 * MOST_FRAMES_OF_A_COMMIT);
  expect(passes.count).toBeGreaterThan(0);
});

test('without commits, nothing is copied', async () => {
  const { checkpoints, passes, write } = open();
  await write();
  for (let i = 0; i < 100; i += 1) checkpoints.committed();
  expect(passes.count).toBe(0);
});

test('while a reader blocks, attempts are spaced, the growing log is reported in few lines, and afterwards it starts again', async () => {
  const { path, world, log, load, checkpoints, passes, walFrames, write } = open();
  const reader = openReader(path);
  for (let i = 0; i < 40; i += 1) {
    await load(20);
    await world.advance(50);
  }
  const spaced = passes.count;
  expect(spaced).toBeGreaterThan(4);
  expect(spaced).toBeLessThan(12);
  expect(walFrames()).toBeGreaterThan(16 * DUE_FRAMES);
  expect(checkpoints.blockedMs()).toBeGreaterThan(1_500);
  const reports = log.lines.filter(({ message }) => message.includes('cannot start again'));
  expect(reports.length).toBeGreaterThan(1);
  expect(reports.length).toBeLessThan(5);
  expect(reports[0]?.facts).toEqual({
    walBytes: expect.any(Number),
    blockedSeconds: expect.any(Number),
    cause: 'a reader of the database',
    remedy: expect.stringContaining('fuser'),
  });

  reader.close();
  await world.advance(1_000);
  await load(20);
  await world.settle();
  const full = walFrames();
  await load(10);
  expect(walFrames()).toBe(full);
  await write();
  expect(checkpoints.blockedMs()).toBe(0);
});

test('a reader of the newest state delays the start of the log by its own duration only', async () => {
  const { path, world, load, walFrames } = open();
  await load(DUE_FRAMES);
  openReader(path).close();
  await world.advance(1_000);
  await load(400);
  expect(walFrames()).toBeLessThan(4 * DUE_FRAMES);
});

const failure = (code: string) => () => {
  throw Object.assign(new Error('the disk failed'), { code });
};

test.each(['SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_WRITE', 'SQLITE_CORRUPT'])(
  'a pass that fails with %s ends the process: nothing is acknowledged any more',
  async (code) => {
    const { load, fatal, write } = open({ beforePass: failure(code) });
    void load(4 * DUE_FRAMES).catch(() => {});
    await expect.poll(() => fatal).toEqual([expect.objectContaining({ code })]);
    await expect(write()).rejects.toThrow(StoreUnavailable);
  },
);

test('a pass for which the disk has no room is tried again later, and commits go on', async () => {
  const full = failure('SQLITE_FULL');
  const { world, load, fatal, log, walFrames, passes } = open({ beforePass: (pass) => pass < 3 && full() });
  for (let i = 0; i < 10; i += 1) {
    await load(DUE_FRAMES);
    await world.advance(100);
  }
  expect(fatal).toEqual([]);
  expect(passes.count).toBeGreaterThan(3);
  expect(walFrames()).toBeLessThan(10 * DUE_FRAMES);
  expect(log.lines.map(({ message, facts }) => [message, facts])).toEqual([
    ['a checkpoint failed, and is tried again', { SQLITE_FULL: 1 }],
    [expect.stringContaining('cannot start again'), expect.objectContaining({ cause: 'Error: the disk failed' })],
  ]);
});

test.each([
  ['the thread ends', {}, (passes: { ended: (reason: string) => void }) => passes.ended('out of memory')],
  ['it cannot be started', { start: failure('ERR_ACCESS_DENIED') }, () => {}],
  ['a pass fails in an unknown way', { beforePass: failure('SQLITE_CANTOPEN') }, () => {}],
])('when %s, the writer copies the log itself, and the log says so', async (_what, disturbance, disturb) => {
  const { passes, load, automatic, log, walFrames, fatal } = open(disturbance);
  disturb(passes);
  await load(2 * DUE_FRAMES);
  await expect.poll(automatic).toBe(1_000);
  await load(3_000);
  expect(walFrames()).toBeLessThan(1_300);
  expect(fatal).toEqual([]);
  expect(log.lines).toEqual([
    { level: 'warn', message: expect.stringContaining('until a restart'), facts: { reason: expect.any(String) } },
  ]);
});

/** A load whose first pass has begun. */
async function openDuringPass() {
  const begun = Promise.withResolvers<void>();
  const opened = open({ beforePass: () => begun.resolve() });
  const loading = opened.load(4 * DUE_FRAMES);
  await begun.promise;
  expect(opened.passes.underWay).toBe(1);
  return { ...opened, loading };
}

test('a checkpoint of the writer waits for the pass that is under way', async () => {
  const { loading, checkpoints, passes } = await openDuringPass();
  expect(await checkpoints.alone(() => passes.underWay)).toBe(0);
  await loading;
});

test('at the end the pass that is under way is awaited, and the log is not copied any more', async () => {
  const { loading, checkpoints, passes } = await openDuringPass();
  await checkpoints.close();
  expect(passes.underWay).toBe(0);
  const { count } = passes;
  await loading;
  expect(passes.count).toBe(count);
});

test('without passes, SQLite copies the log within commits', async () => {
  const { db, writer, world, log } = open();
  db.pragma('wal_autocheckpoint = 1000');
  const plain = createCheckpointer({ client: db, writer, world, log });
  expect(await plain.alone(() => 'done')).toBe('done');
  expect([db.pragma('wal_autocheckpoint', { simple: true }), plain.blockedMs()]).toEqual([1_000, 0]);
});
