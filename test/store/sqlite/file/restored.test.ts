// A restored or copied database never issues an id again, one file has one receiver under every name, and a lost file is found.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { IdGap } from '../../../../src/store/port.ts';
import { backUp } from '../../../../src/store/sqlite/file/backup.ts';
import { compact } from '../../../../src/store/sqlite/file/compact.ts';
import { openReadOnly } from '../../../../src/store/sqlite/file/open-readonly.ts';
import { restore } from '../../../../src/store/sqlite/file/restore.ts';
import { scanAuditTrail } from '../../../../src/store/sqlite/queries/audit.ts';
import { createSqliteStore, type SqliteStore } from '../../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../../src/store/sqlite/verify/verify.ts';
import { createStreams } from '../../../../src/usecases/follow-events/streams.ts';
import { anExecution, callback, completed, NOON } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { createManualWorld } from '../../../support/manual-world.ts';
import { quietLog, type RememberingLog } from '../../../support/quiet-log.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { emptyDatabase } from '../../../support/temporary-database.ts';

function openStore(path: string, log: RememberingLog = quietLog(), mode = 0o600): SqliteStore {
  const store = createSqliteStore({ path, world: createManualWorld(), log, fatal, mode });
  onTestFinished(() => store.close());
  return store;
}

/** Two entries and a notification each. */
async function run(store: SqliteStore, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const execution = anExecution({ notifyUrl: 'https://shop.example/hooks' });
    await store.add({ execution, fingerprint: 'print', queueCapacity: 1_000 });
    await store.record(execution.reference, callback(completed()), NOON);
  }
}

/** A file whose backup ends at entry 6, while it went on to entry 14. */
async function lostDatabase(): Promise<{ folder: string; path: string; backup: string }> {
  const folder = temporaryFolder();
  const [path, backup] = [join(folder, 'receiver.db'), join(folder, 'backup.db')];
  writeFileSync(path, emptyDatabase(), { mode: 0o600 });
  const store = openStore(path);
  await run(store, 3);
  backUp(path, backup);
  await run(store, 4);
  await store.close();
  return { folder, path, backup };
}

function removeAll(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '.lock']) rmSync(path + suffix, { force: true });
}

const WAYS: Readonly<Record<string, (paths: { path: string; backup: string }) => unknown>> = {
  'by restore': async ({ path, backup }) => {
    removeAll(path);
    const options = { world: createManualWorld(), log: quietLog(), sendQueued: false };
    await restore(backup, path, options);
  },
  'by cp over the file': ({ path, backup }) => copyFileSync(backup, path),
  'by cp after everything was removed': ({ path, backup }) => {
    removeAll(path);
    copyFileSync(backup, path);
  },
  'by mv': ({ path, backup }) => renameSync(backup, path),
};

describe.each(Object.entries(WAYS))('a backup put in place %s', (_way, place) => {
  test('continues behind a gap, refuses lost positions, and verifies', async () => {
    const paths = await lostDatabase();
    await place(paths);
    const store = openStore(paths.path);
    const lost = await store.feed({ after: 14, app: null, limit: 10 });
    const gap = lost.gap as IdGap;
    expect(gap).toMatchObject({ after: 6 });
    expect(gap.next).toBeGreaterThan(NOON / 1000);
    expect(gap.next).toBeLessThan(Number.MAX_SAFE_INTEGER);
    await run(store, 1);
    expect(await store.head()).toMatchObject({ id: gap.next + 1 });
    // A reader that was at the end of the backup misses nothing, and goes over the gap in one step.
    const next = await store.feed({ after: 6, app: null, limit: 10 });
    expect([next.entries.map(({ id }) => id), next.gap]).toEqual([[gap.next, gap.next + 1], undefined]);
    const foreign = await store.feed({ after: 0, app: 'billing', limit: 10 });
    expect([foreign.entries, foreign.through]).toEqual([[], gap.next - 1]);

    const streams = createStreams(store, createManualWorld());
    const follow = (after: number) => streams.open({ reader: 'shop', app: 'shop', after, cut: () => {} });
    for (const after of [7, 10, 14, 1_000_000]) {
      expect(await follow(after)).toEqual({ outcome: 'lost', resumeAfter: 6 });
    }
    for (const after of [6, gap.next - 1, gap.next]) expect(await follow(after)).toMatchObject({ outcome: 'open' });
    streams.release();

    const all = { app: null, limit: 10 };
    const { items } = await store.listNotifications(all);
    expect(items).toHaveLength(4);
    const refused = await store.listNotifications({ ...all, before: 7 });
    expect(refused).toMatchObject({ items: [], resumeBefore: gap.next });
    expect((await store.listNotifications({ ...all, before: gap.next })).items).toHaveLength(3);

    const client = openReadOnly(paths.path);
    const heads = [{ id: 12, hash: 'of an entry that is lost' }];
    const found = verifyAudit(client, { heads });
    expect(found).toMatchObject({ findings: [], entries: 8, gaps: [{ after: 6, next: gap.next }] });
    expect(found.heads).toMatchObject([{ id: 12, verdict: 'lost' }]);
    expect(client.prepare('SELECT difference FROM conservation').pluck().get()).toBe(0);
    for (const order of ['oldest-first', 'newest-first'] as const) {
      const batches = [...scanAuditTrail(client, {}, order)];
      expect([batches.flatMap(({ found }) => found).length, batches.length]).toEqual([8, 2]);
    }
    client.close();

    // The next start is an ordinary one.
    await store.close();
    const again = openStore(paths.path);
    expect(again.restored).toBeNull();
    expect(await again.head()).toMatchObject({ id: gap.next + 1 });
  });
});

test('a raw copy of an earlier run is recognised, also over the same inode, and so is a new file in place of a lost one', async () => {
  const path = join(temporaryFolder(), 'receiver.db');
  const first = openStore(path);
  await run(first, 2);
  await first.close();
  copyFileSync(path, `${path}.copy`);
  const second = openStore(path);
  expect(second.restored).toBeNull();
  await run(second, 1);
  await second.close();
  copyFileSync(`${path}.copy`, path);
  const third = openStore(path);
  expect(third.restored).toMatchObject({ from: 'copy' });
  await third.close();
  rmSync(path);
  const fourth = openStore(path);
  expect(fourth.restored).toMatchObject({ from: 'copy' });
  expect((await fourth.feed({ after: 3, app: null, limit: 1 })).gap).toMatchObject({ after: 0 });
});

test('a database that is compacted, or opened again, continues without a gap', async () => {
  const path = join(temporaryFolder(), 'receiver.db');
  const store = openStore(path);
  await run(store, 2);
  await store.close();
  compact(path);
  const again = openStore(path);
  expect(again.restored).toBeNull();
  await run(again, 1);
  expect(await again.head()).toMatchObject({ id: 6 });
});

test('the cursor of a lost execution is refused with one that continues', async () => {
  const { path, backup } = await lostDatabase();
  copyFileSync(backup, path);
  const world = createManualWorld();
  await world.advance(10 * 86_400_000);
  const store = createSqliteStore({ path, world, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  const lost = anExecution({}, NOON + 3_600_000);
  const page = await store.list({ app: null, limit: 10, before: lost.reference });
  expect(page).toMatchObject({ items: [], next: null });
  const { items } = await store.list({ app: null, limit: 10, before: page.resumeBefore as string });
  expect(items).toHaveLength(3);
});

describe('one file has one receiver', () => {
  const inUse = /in use by another receiver/;

  test.each(['a symbolic link', 'a hard link', 'a link to the folder'])('under %s', async (kind) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'data'));
    const path = join(folder, 'data', 'receiver.db');
    const store = openStore(path);
    await run(store, 1);
    const other = kind === 'a link to the folder' ? join(folder, 'other', 'receiver.db') : join(folder, 'other.db');
    if (kind === 'a symbolic link') symlinkSync(path, other);
    else if (kind === 'a hard link') linkSync(path, other);
    else symlinkSync(join(folder, 'data'), join(folder, 'other'));
    expect(() => openStore(other)).toThrow(inUse);
    if (kind !== 'a hard link') expect(() => compact(other)).toThrow(inUse);
    await store.close();
    const again = openStore(other);
    expect(again.restored).toBeNull();
    expect((await again.head()).id).toBe(2);
    expect(() => openStore(path)).toThrow(inUse);
  });

  test('compact through a link replaces the file that it leads to', async () => {
    const folder = temporaryFolder();
    const [path, link] = [join(folder, 'receiver.db'), join(folder, 'link.db')];
    const store = openStore(path);
    await run(store, 1);
    await store.close();
    symlinkSync(path, link);
    expect(compact(link)).toMatchObject({ path });
    expect(realpathSync(link)).toBe(realpathSync(path));
    expect(readdirSync(folder).filter((name) => name.startsWith('link.db'))).toEqual(['link.db']);
  });
});

describe('a write-ahead log of another file', () => {
  /** Leaves the log of a run that was killed. */
  async function killed(): Promise<{ path: string; backup: string; earlier: string }> {
    const { path, backup } = await lostDatabase();
    const earlier = `${path}.earlier`;
    copyFileSync(path, earlier);
    const store = openStore(path);
    await run(store, 2);
    copyFileSync(`${path}-wal`, `${path}.wal`);
    copyFileSync(path, `${path}.killed`);
    await store.close();
    copyFileSync(`${path}.killed`, path);
    copyFileSync(`${path}.wal`, `${path}-wal`);
    return { path, backup, earlier };
  }

  test('of the same run is replayed', async () => {
    const { path } = await killed();
    const store = openStore(path);
    expect(store.restored).toBeNull();
    expect(await store.head()).toMatchObject({ id: 18 });
  });

  test.each(['backup', 'earlier'] as const)(
    'is refused beside a copied %s, with the command that repairs',
    async (kind) => {
      const { [kind]: copy, path } = await killed();
      copyFileSync(copy, path);
      const bytes = statSync(path).size;
      const log = `${path}-wal`;
      const command = `mv '${log}' '${log}.foreign'`;
      expect(() => openStore(path)).toThrow(`${log} is the write-ahead log of another file`);
      expect(() => openStore(path)).toThrow(command);
      expect(() => compact(path)).toThrow(command);
      expect(statSync(path).size).toBe(bytes);
      renameSync(log, `${log}.foreign`);
      const store = openStore(path);
      expect(store.restored).not.toBeNull();
      await store.close();
      const client = openReadOnly(path);
      expect(client.pragma('integrity_check', { simple: true })).toBe('ok');
      client.close();
    },
  );

  test('is refused beside a file that is missing', async () => {
    const { path } = await killed();
    rmSync(path);
    expect(() => openStore(path)).toThrow(/missing or empty/);
    expect(existsSync(path)).toBe(false);
  });
});

describe('while the database is open', () => {
  test.each(['', '-wal', '-shm'])(
    'the removal of its file "%s" is found, nothing is committed, and all of it is rescued',
    async (suffix) => {
      const folder = temporaryFolder();
      const path = join(folder, 'receiver.db');
      const log = quietLog();
      const store = openStore(path, log);
      await run(store, 2);
      const open = anExecution();
      await store.add({ execution: open, fingerprint: 'print', queueCapacity: 10 });
      expect(store.checkFile()).toBeNull();
      rmSync(path + suffix);
      await expect(run(store, 1)).rejects.toThrow(`${path}${suffix} was removed or replaced`);
      await expect(store.ping(NOON)).rejects.toThrow('was removed or replaced');
      expect(store.checkFile()).toContain('removed or replaced');
      const rescue = readdirSync(folder).filter((name) => name.startsWith('receiver-rescue-'));
      expect(rescue).toHaveLength(1);
      const saved = join(folder, rescue[0] as string);
      expect(statSync(saved).mode & 0o777).toBe(0o600);
      expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
        { facts: { database: path, rescue: saved, remedy: expect.stringContaining(`--send-queued ${saved}`) } },
      ]);
      await store.close();

      const target = join(temporaryFolder(), 'receiver.db');
      await restore(saved, target, { world: createManualWorld(), log: quietLog(), sendQueued: true });
      const again = openStore(target);
      expect(await again.find(open.correlationId)).toMatchObject({ status: 'QUEUED' });
    },
  );

  test('the removal of its lock, or another file at its path, is found', async () => {
    const path = join(temporaryFolder(), 'receiver.db');
    const store = openStore(path);
    rmSync(`${path}.lock`);
    await expect(run(store, 1)).rejects.toThrow('receiver.db.lock was removed or replaced');
    await store.close();
    const again = openStore(path);
    renameSync(path, `${path}.moved`);
    writeFileSync(path, '');
    await expect(run(again, 1)).rejects.toThrow('receiver.db was removed or replaced');
  });
});

describe('the mode of files', () => {
  const modes = (folder: string) =>
    Object.fromEntries(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777]));

  test.each([
    [0o600, 0o000],
    [0o640, 0o077],
  ])('is %o with the umask %o', async (mode, mask) => {
    const folder = temporaryFolder();
    const path = join(folder, 'receiver.db');
    const umask = process.umask(mask);
    try {
      const store = openStore(path, quietLog(), mode);
      await run(store, 1);
      backUp(path, join(folder, 'backup.db'), undefined, mode);
      const found = modes(folder);
      expect(Object.keys(found)).toEqual(expect.arrayContaining(['backup.db', 'receiver.db', 'receiver.db-shm']));
      expect([...new Set(Object.values(found))]).toEqual([mode]);
    } finally {
      process.umask(umask);
    }
  });

  test('of an earlier version is set, and reported', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'receiver.db');
    const store = openStore(path);
    await store.close();
    chmodSync(path, 0o644);
    chmodSync(`${path}.lock`, 0o666);
    const log = quietLog();
    const again = openStore(path, log);
    expect(log.lines.map(({ facts }) => facts)).toMatchObject([{ path, before: '0644' }, { before: '0666' }]);
    expect(modes(folder)['receiver.db']).toBe(0o600);
    await again.close();
  });
});
