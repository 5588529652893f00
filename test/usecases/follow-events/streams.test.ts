// A reader of events gets each entry once and in order, costs nothing while idle, and delays no other reader.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { Dispatchable, Submission } from '../../../src/execution/execution.ts';
import type { Store } from '../../../src/store/port.ts';
import { HEARTBEAT_MS, STALL_MS, type Stream } from '../../../src/usecases/follow-events/stream.ts';
import {
  createStreams,
  type FollowRequest,
  STREAM_BOUNDS,
  type StreamBounds,
} from '../../../src/usecases/follow-events/streams.ts';
import { anExecution, NOON } from '../../support/executions.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { createStoreInMemory } from '../../support/store-in-memory.ts';

interface Overrides {
  readonly bounds?: StreamBounds;
  readonly over?: (store: Store) => Partial<Store>;
}

function set({ bounds = STREAM_BOUNDS, over = () => ({}) }: Overrides = {}) {
  const world = createManualWorld();
  const store = createStoreInMemory();
  let reads = 0;
  const feed: Store['feed'] = (query) => {
    reads += 1;
    return store.feed(query);
  };
  const streams = createStreams({ ...store, feed, ...over(store) }, world, bounds);
  const add = async (submission: Partial<Submission> = {}): Promise<Dispatchable> => {
    const execution = anExecution(submission);
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10_000 });
    return execution;
  };
  const open = async (following: Partial<FollowRequest> = {}): Promise<Stream> => {
    const reader = 'operator:alice';
    const followed = await streams.open({ reader, app: null, after: null, cut: () => {}, ...following });
    if (followed.outcome !== 'open') throw new Error(`not open: ${followed.outcome}`);
    onTestFinished(followed.stream.close);
    return followed.stream;
  };
  return { world, store, streams, add, open, reads: () => reads };
}

/** The ids of the next entries, or the name of the step if there are none. */
async function next(stream: Stream): Promise<number[] | string> {
  const step = await stream.next();
  return step.type === 'entries' ? step.entries.map(({ id }) => id) : step.type;
}

describe('a reader gets', () => {
  test('every entry after its own and then the committed ones, each once', async () => {
    const { world, add, open } = set();
    await add();
    await add();
    const stream = await open({ after: 1 });
    expect(await next(stream)).toEqual([2]);
    const waiting = next(stream);
    await world.settle();
    await add();
    expect(await waiting).toEqual([3]);
    await add();
    await add();
    expect(await next(stream)).toEqual([4, 5]);
  });

  test('entries from now on, or from the first one of the followed execution, unless it names a start', async () => {
    const { add, open } = set();
    const { correlationId } = await add();
    await add();
    const [all, one] = [await open(), await open({ correlationId })];
    await add();
    expect(await next(all)).toEqual([3]);
    expect(await next(one)).toEqual([1]);
  });

  test('chunks that are read only when there is room', async () => {
    const { add, open, reads } = set();
    for (let i = 0; i < 250; i += 1) await add();
    const stream = await open({ after: 0 });
    expect(await next(stream)).toHaveLength(100);
    const before = reads();
    for (let i = 0; i < 20; i += 1) await add();
    expect(reads()).toBe(before);
    expect(await next(stream)).toHaveLength(100);
    expect(await next(stream)).toEqual(Array.from({ length: 70 }, (_, i) => 201 + i));
  });

  test('an entry that is committed while the trail is being read', async () => {
    let commit = async () => {};
    const { add, open } = set({
      over: (store) => ({
        feed: async (query) => {
          const feed = await store.feed(query);
          await commit();
          return feed;
        },
      }),
    });
    const stream = await open({ app: 'shop' });
    let commits = 0;
    commit = async () => {
      if (commits++ === 0) await add();
    };
    expect(await next(stream)).toEqual([1]);
  });

  test('entries that arrived without a notice of their commit', async () => {
    let mute = false;
    const { world, add, open } = set({
      over: (store) => ({ watch: (listener) => store.watch((changes) => mute || listener(changes)) }),
    });
    await add();
    const stream = await open({ app: 'shop' });
    const waiting = next(stream);
    await world.settle();
    mute = true;
    await add();
    mute = false;
    await add({ app: 'other' });
    expect(await waiting).toEqual([2]);
  });
});

describe('an idle reader', () => {
  test('is not woken by commits of other apps, which cause no read of the database', async () => {
    const { world, add, open, reads } = set();
    const own = await add();
    const waiting = next(await open({ app: 'shop', correlationId: own.correlationId, after: 1 }));
    await world.settle();
    const before = reads();
    for (let i = 0; i < 5; i += 1) await add();
    await world.settle();
    expect(reads()).toBe(before);
    await world.advance(HEARTBEAT_MS);
    expect(await waiting).toBe('silence');
    expect(reads()).toBe(before);
  });

  test('gets a heartbeat every 15 s, and the id up to which there was nothing for it', async () => {
    const { world, add, open } = set();
    const stream = await open({ app: 'shop' });
    let waiting = stream.next();
    await world.advance(HEARTBEAT_MS - 1);
    await add({ app: 'other' });
    await world.advance(1);
    expect(await waiting).toEqual({ type: 'silence', through: 1 });
    waiting = stream.next();
    await add({ app: 'other' });
    await add();
    expect(await waiting).toMatchObject({ type: 'entries', entries: [{ id: 3 }], through: 3 });
  });

  test('does not scan again the entries of others that it has skipped', async () => {
    const { world, store, add, streams } = set();
    const queries: number[] = [];
    const watched = createStreams(
      {
        ...store,
        feed: (query) => {
          queries.push(query.after);
          return store.feed(query);
        },
      },
      world,
    );
    expect(streams.size).toBe(0);
    await add({ app: 'other' });
    const followed = await watched.open({ reader: 'r', app: 'shop', after: 0, cut: () => {} });
    if (followed.outcome !== 'open') throw new Error(followed.outcome);
    const waiting = next(followed.stream);
    await world.settle();
    for (let i = 0; i < 7; i += 1) await add({ app: 'other' });
    await add();
    expect(await waiting).toEqual([9]);
    expect(queries).toEqual([0, 0, 8]);
    followed.stream.close();
  });
});

describe('a reader that does not read', () => {
  test('is cut off after a minute and frees its place; one that reads in time stays', async () => {
    const { world, streams, add, open } = set();
    const cut: string[] = [];
    const slow = await open({ cut: (why) => void cut.push(`slow ${why}`) });
    const good = await open({ cut: (why) => void cut.push(`good ${why}`) });
    await add();
    expect([await next(slow), await next(good)]).toEqual([[1], [1]]);
    await world.advance(STALL_MS - 1);
    const waiting = next(good);
    await world.advance(1);
    expect(cut).toEqual(['slow stalled']);
    expect(streams.size).toBe(1);
    expect(await next(slow)).toBe('end');
    await world.advance(HEARTBEAT_MS);
    expect(await waiting).toBe('silence');
  });

  test('is cut off even if it never read anything', async () => {
    const { world, streams, open } = set();
    await open();
    await world.advance(STALL_MS);
    expect(streams.size).toBe(0);
  });
});

describe('the end of a stream', () => {
  test('comes at once for an idle reader; data in transit may arrive, within a limit', async () => {
    const { world, streams, add, open } = set();
    const cut: string[] = [];
    const [idle, busy, stuck] = [
      await open(),
      await open(),
      await open({ cut: (why) => void cut.push(`stuck ${why}`) }),
    ];
    await add();
    for (const stream of [idle, busy, stuck]) expect(await next(stream)).toEqual([1]);
    const waiting = next(idle);
    await world.settle();
    streams.release();
    expect(await waiting).toBe('end');
    expect(await next(busy)).toBe('end');
    for (const arrived of [idle, busy]) arrived.close();
    expect(streams.size).toBe(1);
    await world.advance(1_000);
    expect(cut).toEqual(['stuck ended']);
    expect(streams.size).toBe(0);
    expect(world.sleepers).toBe(0);
    expect(await streams.open({ reader: 'r', app: null, after: null, cut: () => {} })).toEqual({
      outcome: 'stopping',
    });
  });

  test('leaves no timer, listener or place behind when the reader disconnects', async () => {
    const { world, streams, add, open, reads } = set();
    const stream = await open();
    const waiting = next(stream);
    await world.settle();
    stream.close();
    stream.close();
    expect(await waiting).toBe('end');
    expect(streams.size).toBe(0);
    expect(world.sleepers).toBe(0);
    const before = reads();
    await add();
    expect(reads()).toBe(before);
  });

  test('follows a failure of the store, and frees the place', async () => {
    const { store, streams, open } = set();
    const stream = await open();
    await store.close();
    await expect(stream.next()).rejects.toThrow('not open');
    expect(streams.size).toBe(0);
  });
});

describe('the start of a stream', () => {
  const ask = (streams: ReturnType<typeof set>['streams'], after: number) =>
    streams.open({ reader: 'r', app: null, after, cut: () => {} });

  test('must not be in the future or before the kept entries; a refused reader takes no place', async () => {
    const { store, streams, add } = set();
    const old = await add();
    await store.record(old.reference, { type: 'cancelled', by: 'shop' }, NOON);
    await add();
    expect(await ask(streams, 4)).toEqual({ outcome: 'future', newest: 3 });
    await store.prune(100, NOON + 1);
    expect(await ask(streams, 1)).toEqual({ outcome: 'pruned', oldest: 2 });
    expect(streams.size).toBe(0);
    for (const after of [2, 3])
      expect(await ask(streams, after)).toMatchObject({ outcome: 'open', stream: { startsAfter: after } });
  });

  test('a stream whose next entries are pruned ends instead of omitting them', async () => {
    const { store, add, open } = set();
    const stream = await open();
    const old = await add();
    await store.record(old.reference, { type: 'cancelled', by: 'shop' }, NOON);
    await store.prune(100, NOON + 1);
    expect(await next(stream)).toBe('end');
  });

  test('the places per reader and in total are limited; a place that is left is free again', async () => {
    const { streams, open } = set({ bounds: { perReader: 2, total: 3 } });
    const first = await open({ reader: 'a' });
    await open({ reader: 'a' });
    const ask = (reader: string) => streams.open({ reader, app: null, after: null, cut: () => {} });
    expect(await ask('a')).toEqual({ outcome: 'too-many', bound: 'perReader', limit: 2 });
    await open({ reader: 'b' });
    expect(await ask('c')).toEqual({ outcome: 'too-many', bound: 'total', limit: 3 });
    first.close();
    await open({ reader: 'c' });
  });

  test('of many simultaneous requests no more are accepted than there are places', async () => {
    const { streams } = set({ bounds: { perReader: 5, total: 100 } });
    const all = await Promise.all(
      Array.from({ length: 20 }, () => streams.open({ reader: 'a', app: null, after: null, cut: () => {} })),
    );
    expect(all.filter(({ outcome }) => outcome === 'open')).toHaveLength(5);
    expect(streams.size).toBe(5);
  });
});
