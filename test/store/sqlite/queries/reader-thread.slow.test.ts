// Long reads on a thread: they see what was committed, end when they are cancelled, and survive the end of their thread.

import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LargeJson, parseJson } from '../../../../src/execution/json.ts';
import { startWorkerThread } from '../../../../src/lib/worker-thread.ts';
import { systemWorld } from '../../../../src/lib/world.ts';
import { StoreUnavailable } from '../../../../src/store/port.ts';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { errorOf, factsOf } from '../../../../src/store/sqlite/queries/reader-messages.ts';
import { createReaderThread, startReaderWorker } from '../../../../src/store/sqlite/queries/reader-thread.ts';
import { createSqliteStore, type SqliteStore } from '../../../../src/store/sqlite/store.ts';
import { anExecution, callback, completed, NOON } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

const PATIENT = new AbortController().signal;
const ALL = { app: null, limit: 50 } as const;

function openStore(): SqliteStore {
  const store = createSqliteStore({
    path: join(temporaryFolder(), 'receiver.db'),
    world: systemWorld,
    log: quietLog(),
    fatal,
    readerThread: true,
  });
  onTestFinished(() => store.close());
  return store;
}

async function add(store: SqliteStore, count: number): Promise<string[]> {
  const executions = Array.from({ length: count }, (_, index) => anExecution({}, NOON + index));
  const submissions = executions.map((execution) => ({ execution, fingerprint: 'x', queueCapacity: 100_000 }));
  await store.addAll(submissions, true);
  return executions.map(({ reference }) => reference);
}

/** Threads on a new database; each is kept, so that a test can end it. */
function threads({ lost = () => null, isKilled = false }: { lost?: () => string | null; isKilled?: boolean } = {}) {
  const database = openDatabase(join(temporaryFolder(), 'receiver.db'));
  const started: Worker[] = [];
  const log = quietLog();
  const thread = createReaderThread({
    file: database.file,
    ...{ lost, log },
    start: (data) => {
      const worker = startReaderWorker(data);
      started.push(worker);
      if (isKilled) void worker.terminate();
      return worker;
    },
  });
  onTestFinished(async () => {
    await thread.close();
    database.close();
  });
  return { ...thread, started, log };
}

test('a read that begins after a commit sees it, and its numbers have all their digits', async () => {
  const store = openStore();
  const big = parseJson('{"n":12345678901234567890.125,"far":1e400}');
  for (let round = 0; round < 20; round += 1) {
    const [reference = ''] = await add(store, 1);
    expect((await store.list(ALL)).items.map((one) => one.reference)).toContain(reference);
    await store.record(reference, callback(completed(big)), NOON);
    const { items } = await store.list({ ...ALL, text: '12345678901234567890.125' });
    expect(items).toHaveLength(round + 1);
    expect(new TextDecoder().decode((await store.listJson(ALL)).items)).toContain(
      '"n":12345678901234567890.125,"far":1e400',
    );
    expect(JSON.stringify(items.find((one) => one.reference === reference)?.result)).toBe(JSON.stringify(big));
    expect((await store.statisticsAfter(-10_000, 1_000)).through).toBe((await store.head()).id);
  }
});

test('a trail that is read from its beginning on the thread is the trail that is read in process', async () => {
  const store = openStore();
  await add(store, 700);
  const { id: newest } = await store.head();
  const far = await store.feed({ after: 0, app: 'shop', limit: 200 });
  const near = await store.feed({ after: newest - 500, app: 'shop', limit: 500 });
  expect(far).toMatchObject({ newest, through: 200, prunedThrough: 0 });
  expect(near.entries).toHaveLength(500);
  expect((await store.feed({ after: 200, app: null, limit: 1 })).entries).toEqual([near.entries[0]]);
});

test('a search ends after the slice that runs when its reader leaves, and states how far it came', async () => {
  const store = openStore();
  await add(store, 3_000);
  // On a busy machine a page ends early, and the next one continues.
  let page = await store.list({ ...ALL, text: 'absent' });
  let scanned = page.search?.scanned ?? 0;
  while (page.next !== null) {
    page = await store.list({ ...ALL, text: 'absent', before: page.next });
    scanned += page.search?.scanned ?? 0;
  }
  expect(scanned).toBe(3_000);
  expect(page).toMatchObject({ items: [], search: { reachedAt: null } });
  const { next, search } = await store.list({ ...ALL, text: 'absent' }, AbortSignal.abort());
  expect(search).toEqual({ scanned: 500, reachedAt: NOON + 2_500 });
  expect(await store.searchProgress({ ...ALL, text: 'absent', before: next ?? '' })).toEqual({
    ...{ searched: 500, total: 3_000 },
    reachedAt: NOON + 2_500,
  });
});

test('a store that closes ends its searches and its thread, and empties the WAL', async () => {
  const store = openStore();
  await add(store, 3_000);
  const searches = [1, 2, 3].map(() => store.list({ ...ALL, text: 'absent' }));
  await expect.poll(async () => (await store.list(ALL)).items.length, { timeout: 20_000 }).toBe(50);
  await store.close();
  for (const { items } of await Promise.all(searches)) expect(items).toEqual([]);
  await expect(store.list(ALL)).rejects.toThrow(new StoreUnavailable('the store is closed'));
  expect(existsSync(`${store.databasePath}-wal`)).toBe(false);
});

test('content is erased from the WAL while searches run', async () => {
  const store = openStore();
  await add(store, 3_000);
  let searching = true;
  const search = async () => {
    while (searching) await store.list({ ...ALL, text: 'absent' });
  };
  const searches = [search(), search(), search()];
  await store.list(ALL);
  for (let round = 0; round < 5; round += 1) {
    await add(store, 1);
    expect(await store.emptyWal()).toBe(true);
    expect(statSync(`${store.databasePath}-wal`).size).toBe(0);
  }
  searching = false;
  await Promise.all(searches);
});

test('a read whose thread ends is answered by the next thread', async () => {
  const { reads, started, log } = threads();
  const reading = reads.list(ALL, PATIENT);
  const [first] = started;
  const ended = once(first as Worker, 'exit');
  await first?.terminate();
  await ended;
  expect(await reading).toEqual({ rows: [], next: null });
  expect(started).toHaveLength(2);
  expect(log.lines.map(({ message }) => message)).toEqual([
    'the reader thread ended; the next long read starts it again',
  ]);
});

test('a read that ends two threads fails, and the process continues', async () => {
  const { reads, started } = threads({ isKilled: true });
  await expect(reads.list(ALL, PATIENT)).rejects.toThrow(StoreUnavailable);
  await expect(reads.list(ALL, PATIENT)).rejects.toThrow('the reader thread ended: it was ended');
  expect(started).toHaveLength(4);
});

describe('a search with hidden members over a result of ten MiB', () => {
  const ENTRIES = Math.floor((10 * 1024 * 1024) / '{},'.length) - 10;
  const SEARCH = { ...ALL, text: 'needle', hidden: ['password'] };

  /** Reads of a store with one such result, on threads with this heap. */
  async function readsWithHeap(maxOldGenerationSizeMb: number) {
    const store = openStore();
    const [reference = ''] = await add(store, 1);
    const result = LargeJson.from(`[${'{},'.repeat(ENTRIES)}"needle",{"password":"secret"}]`);
    await store.record(reference, callback(completed(result)), NOON);
    const module = new URL('../../../../src/store/sqlite/queries/reader-worker.ts', import.meta.url);
    const thread = createReaderThread({
      file: store.databasePath,
      lost: () => null,
      log: quietLog(),
      start: (workerData) => startWorkerThread(module, { workerData, resourceLimits: { maxOldGenerationSizeMb } }),
    });
    onTestFinished(() => thread.close());
    return thread.reads;
  }

  test('needs a small part of the heap, since the result is not parsed', async () => {
    const reads = await readsWithHeap(96);
    expect((await reads.list(SEARCH, PATIENT)).rows).toHaveLength(1);
    expect((await reads.list({ ...SEARCH, text: 'secret' }, PATIENT)).rows).toHaveLength(0);
  });

  test('that exceeds the heap fails with the reason, and the next read is answered', async () => {
    const reads = await readsWithHeap(12);
    const refused = new StoreUnavailable(
      'the reader thread ended: Error: Worker terminated due to reaching memory limit: JS heap out of memory',
    );
    await expect(reads.list(SEARCH, PATIENT)).rejects.toThrow(refused);
    expect((await reads.listNotifications(ALL, PATIENT)).items).toEqual([]);
  });
});

test('a file that was removed or replaced is not opened again', async () => {
  const gone = threads({ lost: () => 'receiver.db was removed' });
  await expect(gone.reads.list(ALL, PATIENT)).rejects.toThrow(new StoreUnavailable('receiver.db was removed'));
  expect(gone.started).toHaveLength(0);
  const checks = [null, 'receiver.db was replaced'];
  const swapped = threads({ lost: () => checks.shift() ?? 'receiver.db was replaced' });
  await expect(swapped.reads.list(ALL, PATIENT)).rejects.toThrow('receiver.db was replaced');
});

test('an error crosses threads with its class and its code', () => {
  const crossed = (error: unknown) => errorOf(structuredClone(factsOf(error)));
  const damaged = crossed(new Database.SqliteError('database disk image is malformed', 'SQLITE_CORRUPT'));
  expect(damaged).toBeInstanceOf(Database.SqliteError);
  expect(damaged).toMatchObject({ code: 'SQLITE_CORRUPT', message: 'database disk image is malformed' });
  expect(crossed(new StoreUnavailable('closed'))).toBeInstanceOf(StoreUnavailable);
  expect(crossed(new RangeError('too long'))).toMatchObject({ name: 'RangeError', message: 'too long' });
  expect(crossed('text')).toMatchObject({ name: 'Error', message: 'text' });
});
