// The passes on a real thread, beside a store that commits.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../../../src/lib/world.ts';
import { startPassesOnThread } from '../../../../../src/store/sqlite/file/checkpoint/on-thread.ts';
import { createSqliteStore } from '../../../../../src/store/sqlite/store.ts';
import { NOON } from '../../../../support/executions.ts';
import { fatal } from '../../../../support/fatal.ts';
import { hasLock, LISTS_LOCKS } from '../../../../support/file-locks.ts';
import { quietLog } from '../../../../support/quiet-log.ts';
import { temporaryFolder } from '../../../../support/temporary.ts';

/** Far more commits than a round needs, on any machine. */
const MAX_COMMITS = 30_000;

function open() {
  const path = join(temporaryFolder(), 'receiver.db');
  const phases: string[] = [];
  const log = quietLog();
  const store = createSqliteStore({
    path,
    world: systemWorld,
    log,
    fatal,
    checkpoints: { start: startPassesOnThread, dueFrames: 200, observe: (phase) => void phases.push(phase) },
  });
  onTestFinished(() => store.close());
  const operator = new Database(path, { readonly: true });
  onTestFinished(() => void operator.close());
  let moment = NOON;
  /** A heartbeat at a new time: an equal row would write nothing. */
  const commit = () => {
    moment += 1;
    return store.ping(moment);
  };
  const frames = () => (operator.pragma('wal_checkpoint(NOOP)') as [{ log: number }])[0].log;
  return { path, store, log, phases, operator, frames, commit };
}

/** Commits without a pause until the log has started again. Returns whether it did. */
async function commitUntilRestart({ commit, frames }: Pick<ReturnType<typeof open>, 'commit' | 'frames'>) {
  let before = frames();
  for (let i = 0; i < MAX_COMMITS; i += 1) {
    await Promise.all([commit(), commit()]);
    const now = frames();
    if (now < before) return true;
    before = now;
  }
  return false;
}

test('the thread copies the log beside commits, so that it starts again, and the file is sound', async () => {
  const opened = open();
  const { path, log, phases, operator } = opened;
  expect(await commitUntilRestart(opened)).toBe(true);
  expect(phases[0]).toBe('beside');
  expect(operator.pragma('integrity_check', { simple: true })).toBe('ok');
  if (LISTS_LOCKS) expect(hasLock(path)).toBe(true);
  expect(log.lines).toEqual([]);
});

test('while another program reads, commits go on; when it has ended, the log starts again', async () => {
  const opened = open();
  const { path, store, frames, commit } = opened;
  const reader = new Database(path, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT * FROM heartbeat').get();
  const before = frames();
  for (let i = 0; i < 1_000; i += 1) await commit();
  expect(frames() - before).toBeGreaterThanOrEqual(1_000);
  expect(store.checkpointsBlockedMs()).toBeGreaterThan(0);
  reader.close();
  expect(await commitUntilRestart(opened)).toBe(true);
  await commit();
  expect(store.checkpointsBlockedMs()).toBe(0);
});

test('the thread ends before the store closes the file, so that no log is left', async () => {
  const opened = open();
  const { path, store, operator, commit } = opened;
  expect(await commitUntilRestart(opened)).toBe(true);
  operator.close();
  await store.close();
  expect([existsSync(path), existsSync(`${path}-wal`)]).toEqual([true, false]);
  await expect(commit()).rejects.toThrow('closed');
});

test('a thread that cannot open the file ends with the reason, and so does each of its passes', async () => {
  const passes = startPassesOnThread(join(temporaryFolder(), 'missing.db'));
  await expect(passes.run()).rejects.toThrow('unable to open');
  expect(await passes.ended).toContain('unable to open');
  await expect(passes.run()).rejects.toThrow('unable to open');
  await passes.close();
});
