// What receivers learn of each other: every entry once and in order, for waits, streams and due work, with hints and without.

import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld, type World } from '../../../src/lib/world.ts';
import type { CommittedChange } from '../../../src/store/port.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { createStreams } from '../../../src/usecases/follow-events/streams.ts';
import { createWaiters } from '../../../src/usecases/wait-for-outcome.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

/** The interval of regular looks, milliseconds. */
const LOOK_MS = 250;

const database = createReusedDatabase();
const opened: PostgresStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function openTwo(): Promise<{ one: PostgresStore; other: PostgresStore; url: string }> {
  const url = await database();
  const options = { url, world: systemWorld, log: quietLog() };
  const [one, other] = [await openPostgresStore(options), await openPostgresStore(options)];
  opened.push(one, other);
  return { one, other, url };
}

/** The regular look of the other one comes when the test wants it. */
async function openWithoutLooks() {
  const url = await database();
  const one = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  opened.push(one);
  let look: (() => void) | null = null;
  const sleep: World['sleep'] = async (ms, signal) => {
    if (ms !== LOOK_MS) return systemWorld.sleep(ms, signal);
    await new Promise<void>((resolve) => {
      look = resolve;
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve());
    });
  };
  const other = await openPostgresStore({ url, world: { ...systemWorld, sleep }, log: quietLog() });
  opened.push(other);
  await expect.poll(() => look).not.toBe(null);
  return { one, other, url, look: () => look?.() };
}

const asNew = (execution = anExecution()) => ({ execution, fingerprint: 'print', queueCapacity: 10_000 });

/** Keeps what a store reports, by the ids of the entries. */
function report(store: PostgresStore) {
  const own: number[] = [];
  const others: number[] = [];
  const all: number[] = [];
  let skipped = 0;
  store.watch((changes) => {
    own.push(...changes.map(({ entry }) => entry.id));
    all.push(...changes.map(({ entry }) => entry.id));
  });
  store.watchOthers((changes) => {
    if (changes === null) skipped += 1;
    others.push(...(changes ?? []).map(({ entry }) => entry.id));
    all.push(...(changes ?? []).map(({ entry }) => entry.id));
  });
  return { own, others, all, skipped: () => skipped };
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

describe.skipIf(serverUrl === null)('two receivers on one PostgreSQL', () => {
  test('each reports every entry once and in order, its own and those of the other', async () => {
    const { one, other } = await openTwo();
    const reports = [report(one), report(other)];
    const added = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const execution = anExecution();
        const store = n % 2 === 0 ? one : other;
        await store.add(asNew(execution));
        await (n % 3 === 0 ? one : other).record(execution.reference, callback(completed(n)), NOON);
        return execution;
      }),
    );
    expect(added).toHaveLength(60);
    for (const { all, own, others } of reports) {
      await expect.poll(() => all.length).toBe(120);
      expect(all).toEqual(upTo(120));
      expect(own.length).toBeGreaterThan(0);
      expect(others.length).toBeGreaterThan(0);
    }
    expect(reports[0]?.own).toEqual(reports[1]?.others);
    expect(reports[1]?.own).toEqual(reports[0]?.others);
  });

  test('one reports what the other has changed, and what is due because of it', async () => {
    const { one, other } = await openTwo();
    const changes: CommittedChange[] = [];
    other.watchOthers((news) => void changes.push(...(news ?? [])));
    const execution = anExecution({ notifyUrl: 'https://hooks.example/a' });
    await one.add(asNew(execution));
    await expect.poll(() => changes).toHaveLength(1);
    const { reference, correlationId, app, actionId, dispatchAt } = execution;
    expect(changes[0]).toMatchObject({
      execution: { reference, correlationId, app, actionId, dispatchAt, status: 'QUEUED' },
      outcome: 'progress',
      entry: { id: 1, event: 'ACCEPTED' },
      notifyAt: null,
    });
    await one.record(reference, callback(completed()), NOON);
    await expect.poll(() => changes).toHaveLength(2);
    expect(changes[1]).toMatchObject({
      execution: { status: 'COMPLETED', resolvedBy: 'callback', dispatchAt: null },
      outcome: 'resolved',
      entry: { id: 2, event: 'CALLBACK_COMPLETED' },
      notifyAt: NOON,
    });
  });

  test('a client that waits at one is answered after a callback at the other', async () => {
    const { one, other } = await openTwo();
    const execution = anExecution();
    await one.add(asNew(execution));
    const waiters = createWaiters(other, systemWorld, { perCaller: 10, total: 10 });
    const waiting = waiters.wait(execution.correlationId, 300_000, new AbortController().signal);
    await expect.poll(() => waiters.size).toBe(1);
    await one.record(execution.reference, callback(completed()), NOON);
    expect(await waiting).toMatchObject({ execution: { status: 'COMPLETED' } });
  });

  test('without hints, what the other commits is found by looking for it', async () => {
    const { one, other, url } = await openTwo();
    const { others } = report(other);
    await one.add(asNew(anExecution()));
    await expect.poll(() => others).toEqual([1]);
    await withClient(url, (client) =>
      client.query("INSERT INTO audit_rows (id, execution, at, event, hash, detail) VALUES (2, 1, 0, 9, '', '{}')"),
    );
    await expect.poll(() => others).toEqual([1, 2]);
  });

  test('one follows hints while changes are awaited, and otherwise reads them with the next regular look', async () => {
    const { one, other, url, look } = await openWithoutLooks();
    const seen: number[] = [];
    let isAwaited = false;
    other.watchOthers(
      (changes) => void seen.push(...(changes ?? []).map(({ entry }) => entry.id)),
      () => isAwaited,
    );
    let added = 0;
    const add = async () => {
      await one.add(asNew(anExecution()));
      added += 1;
    };
    await withClient(url, async (client) => {
      let hints = 0;
      client.on('notification', () => {
        hints += 1;
      });
      await client.query('LISTEN cxone_receiver');
      // It gives hints once it has noticed that it is not alone.
      await expect.poll(() => add().then(() => hints)).toBeGreaterThan(0);
    });
    await other.ping(NOON);
    expect(seen).toEqual([]);
    look();
    await expect.poll(() => seen).toEqual(upTo(added));
    isAwaited = true;
    await add();
    await expect.poll(() => seen).toEqual(upTo(added));
  });

  test('one that ends reports its last changes, also if it has not yet read what the other has committed before', async () => {
    const { one, other } = await openWithoutLooks();
    const own: number[] = [];
    other.watch((changes) => void own.push(...changes.map(({ entry }) => entry.id)));
    await one.add(asNew());
    await other.add(asNew());
    expect(own).toEqual([]);
    await other.close();
    expect(own).toEqual([2]);
  });

  test('after a promotion that has lost the last entries, what follows them is reported under their ids', async () => {
    const { one, other, url } = await openTwo();
    const reported = report(other);
    for (let n = 0; n < 4; n += 1) await one.add(asNew());
    await expect.poll(() => reported.others).toEqual(upTo(4));
    const following = await createStreams(other, systemWorld).open({
      reader: 'shop',
      app: null,
      after: 4,
      cut: () => {},
    });
    if (following.outcome !== 'open') throw new Error(following.outcome);
    const next = following.stream.next();
    await withClient(url, async (client) => {
      await client.query("SET session_replication_role = 'replica'; DELETE FROM audit_rows_all WHERE id > 2");
      await client.query('SELECT pg_terminate_backend(pid) FROM receivers');
    });
    // Connected again, it knows that entries are lost. What comes before that is skipped.
    await expect.poll(() => other.ping(NOON).then(() => 'connected', String)).toBe('connected');
    await expect.poll(() => one.add(asNew()).then(({ outcome }) => outcome, String)).toBe('added');
    await expect.poll(() => reported.others).toEqual([...upTo(4), 3]);
    // Its reader would miss what has the ids of lost entries.
    expect(await next).toEqual({ type: 'end' });
  });

  test('after a promotion that has lost the last entries, and when others have entered more since, anything may have changed', async () => {
    const { other, url } = await openWithoutLooks();
    for (let n = 0; n < 3; n += 1) await other.add(asNew());
    const reported = report(other);
    await withClient(url, async (client) => {
      await client.query("SET session_replication_role = 'replica'");
      await client.query("UPDATE audit_rows_all SET hash = sha256('another entry') WHERE id > 1");
      await client.query(`INSERT INTO audit_rows_all (id, execution, at, event, hash, detail)
        SELECT n, 1, 0, 9, sha256('more'), '{}' FROM generate_series(4, 6) AS n`);
      await client.query('SELECT pg_terminate_backend(pid) FROM receivers');
    });
    await expect.poll(reported.skipped).toBe(1);
    await expect.poll(() => other.add(asNew()).then(({ outcome }) => outcome, String)).toBe('added');
    await expect.poll(() => reported.own).toEqual([7]);
  });

  test('more than can be listed is reported as that, and what follows is listed again', async () => {
    const { one, other, url } = await openTwo();
    const reported = report(other);
    const execution = anExecution();
    await one.add(asNew(execution));
    await expect.poll(() => reported.others).toEqual([1]);
    await withClient(url, (client) =>
      client.query(`INSERT INTO audit_rows (id, execution, at, event, hash, detail)
        SELECT n, 1, 0, 9, '', '{}' FROM generate_series(2, 1500) AS n`),
    );
    await expect.poll(reported.skipped).toBeGreaterThan(0);
    await expect.poll(() => other.head().then(({ id }) => id)).toBe(1_500);
    // What is added before the end of the list is known is skipped, too.
    await expect
      .poll(async () => {
        await one.record(execution.reference, callback(completed()), NOON);
        return reported.others.at(-1);
      })
      .toBeGreaterThan(1_500);
  });

  test('a stream of one has the entries of both, without gap or repeat, and is resumed at the other', async () => {
    const { one, other } = await openTwo();
    const streams = createStreams(other, systemWorld);
    onTestFinished(streams.release);
    const opened = await streams.open({ reader: 'shop', app: null, after: 0, cut: () => {} });
    if (opened.outcome !== 'open') throw new Error(opened.outcome);
    const adding = Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? one : other).add(asNew(anExecution()))),
    );
    const ids: number[] = [];
    while (ids.length < 40) {
      const item = await opened.stream.next();
      if (item.type === 'entries') ids.push(...item.entries.map(({ id }) => id));
    }
    await adding;
    expect(ids).toEqual(upTo(40));
    const resumed = await createStreams(one, systemWorld).open({ reader: 'shop', app: null, after: 25, cut: () => {} });
    if (resumed.outcome !== 'open') throw new Error(resumed.outcome);
    const item = await resumed.stream.next();
    expect(item).toMatchObject({ type: 'entries', through: 40 });
    resumed.stream.close();
  });
});
