// The queue of a restored backup may have been sent since: no start and no command sends it, and it is not called unsent.

import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../../../src/store/open/open-database.ts';
import { holdQueued } from '../../../../src/store/shared/hold-queued.ts';
import { backUp } from '../../../../src/store/sqlite/file/backup.ts';
import { compact } from '../../../../src/store/sqlite/file/compact.ts';
import { beginRun } from '../../../../src/store/sqlite/file/identity.ts';
import { type DatabaseLock, takeLock } from '../../../../src/store/sqlite/file/lock.ts';
import { openFileSource } from '../../../../src/store/sqlite/file/move/source.ts';
import { restore } from '../../../../src/store/sqlite/file/restore.ts';
import { createSqliteStore, type SqliteStore } from '../../../../src/store/sqlite/store.ts';
import { anExecution, NOON } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { createManualWorld } from '../../../support/manual-world.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

function openStore(path: string): SqliteStore {
  const store = createSqliteStore({ path, world: createManualWorld(), log: quietLog(), fatal });
  onTestFinished(() => store.close());
  return store;
}

describe('the queue of a backup that another program put in place', () => {
  const queued = anExecution();

  /** The queue was sent after the backup was made. */
  async function copied(): Promise<string> {
    const folder = temporaryFolder();
    const [path, backup] = [join(folder, 'receiver.db'), join(folder, 'backup.db')];
    const store = openStore(path);
    await store.add({ execution: queued, fingerprint: 'print', queueCapacity: 10 });
    backUp(path, backup);
    await store.record(queued.reference, { type: 'dispatched' }, NOON);
    await store.close();
    copyFileSync(backup, path);
    return path;
  }

  async function start(path: string) {
    const world = createManualWorld();
    const store = await openDatabase({ path, url: null, world, log: quietLog(), fatal });
    onTestFinished(() => store.close());
    return { store, adopt: () => store.adoptBackup(() => holdQueued(store, world)) };
  }

  test('is held by a later start if the first ones were killed before that, or were those of a command', async () => {
    const path = await copied();
    for (const kind of ['killed', 'prune'] as const) {
      const first = kind === 'killed' ? (await start(path)).store : openStore(path);
      expect((await first.find(queued.correlationId))?.status).toBe('QUEUED');
      await first.close();
    }
    const { store, adopt } = await start(path);
    expect(store.isRestoredBackup).toBe(true);
    expect(await adopt()).toBe(1);
    expect(await store.find(queued.correlationId)).toMatchObject({ status: 'UNCONFIRMED', dispatchAt: null });
    await store.close();
    expect((await start(path)).store.isRestoredBackup).toBe(false);
  });

  test('is neither compacted nor moved before it is held', async () => {
    const path = await copied();
    const refused = /is a backup, so that its queue may have been sent: start the receiver .*once/;
    for (const isStarted of [false, true]) {
      if (isStarted) await (await start(path)).store.close();
      expect(() => compact(path)).toThrow(refused);
      expect(() => openFileSource(path, 0o600)).toThrow(isStarted ? /was restored from a backup/ : refused);
    }
    const { store, adopt } = await start(path);
    await adopt();
    await store.close();
    compact(path);
    expect((await start(path)).store.isRestoredBackup).toBe(false);
  });
});

test('the queue of a plain copy is held if the receiver has run since, and sent if it has moved to another place', async () => {
  const folder = temporaryFolder();
  const [path, kept, moved] = ['receiver.db', 'kept.db', 'moved.db'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const first = openStore(path);
  await first.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 10 });
  await first.close();
  copyFileSync(path, kept);
  copyFileSync(path, moved);
  const second = openStore(path);
  expect(second.isQueueUnheld).toBe(false);
  await second.close();
  copyFileSync(kept, path);
  for (const _ of ['a start', 'and one after a kill']) {
    const again = openStore(path);
    expect(again.isQueueUnheld).toBe(true);
    await again.close();
  }
  expect(openStore(moved).isQueueUnheld).toBe(false);
});

describe('a plain copy from before the last start is recognised', () => {
  async function withCopy(): Promise<{ path: string; copy: string }> {
    const path = join(temporaryFolder(), 'receiver.db');
    const store = openStore(path);
    await store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 10 });
    await store.close();
    copyFileSync(path, `${path}.copy`);
    return { path, copy: `${path}.copy` };
  }

  /** Begins a run as a start does. */
  function begin(file: string, changed: (lock: DatabaseLock) => DatabaseLock): void {
    const lock = takeLock(file, 0o600);
    const client = new Database(file, { timeout: 0 });
    try {
      beginRun({ file, client, lock: changed(lock), isBackup: false, now: NOON });
    } finally {
      client.close();
      lock.close();
    }
  }

  function expectRecognised(path: string): void {
    const store = openStore(path);
    expect([store.isQueueUnheld, store.restored]).toMatchObject([true, { from: 'copy' }]);
  }

  test('also after a start on it that was killed as soon as the lock had its note', async () => {
    const { path, copy } = await withCopy();
    await openStore(path).close();
    copyFileSync(copy, path);
    const killed = (lock: DatabaseLock): DatabaseLock => ({
      ...lock,
      write: (note) => {
        lock.write(note);
        throw new Error('killed');
      },
    });
    for (const _ of ['once', 'and again']) expect(() => begin(path, killed)).toThrow('killed');
    expectRecognised(path);
  });

  test.each(['compact', 'restore'])('also if it was made after %s, before the next start', async (command) => {
    const { path, copy } = await withCopy();
    if (command === 'compact') compact(path);
    else {
      renameSync(path, `${path}.lost`);
      await restore(copy, path, { world: createManualWorld(), log: quietLog(), sendQueued: true });
    }
    const kept = `${path}.kept`;
    copyFileSync(path, kept);
    for (const _ of ['the next start', 'and a later one']) {
      const store = openStore(path);
      expect([store.isQueueUnheld, store.restored]).toEqual([false, null]);
      await store.close();
    }
    copyFileSync(kept, path);
    expectRecognised(path);
  });

  test('also if another program read the file during that start', async () => {
    const { path, copy } = await withCopy();
    const reader = new Database(path);
    reader.exec('BEGIN; SELECT * FROM database_file');
    begin(path, (lock) => lock);
    reader.close();
    copyFileSync(copy, path);
    expectRecognised(path);
  });
});

test('what a backup has queued is not called unsent, however long ago the backup was made', async () => {
  const folder = temporaryFolder();
  const [path, backup, target] = ['receiver.db', 'backup.db', 'restored.db'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const store = openStore(path);
  const executions = [anExecution(), anExecution({ retryUncertain: true })];
  for (const execution of executions) await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  backUp(path, backup);
  const world = createManualWorld();
  await world.advance(NOON + 3_600_000 - world.now());
  expect(await restore(backup, target, { world, log: quietLog(), sendQueued: false })).toMatchObject({ held: 2 });
  const restored = openStore(target);
  for (const { correlationId } of executions) {
    expect(await restored.find(correlationId)).toMatchObject({ status: 'UNCONFIRMED', error: null, attempts: 1 });
  }
});
