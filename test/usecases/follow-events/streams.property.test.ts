// A stream has no gap and no repetition, for any order of commits, slow reads, lost connections and resumptions.

import { expect, test } from 'vitest';
import type { Dispatchable } from '../../../src/execution/execution.ts';
import type { FeedPage, Store } from '../../../src/store/port.ts';
import { createStreams } from '../../../src/usecases/follow-events/streams.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { createManualWorld, seededRandom } from '../../support/manual-world.ts';
import { createStoreInMemory } from '../../support/store-in-memory.ts';

interface Subject {
  readonly app: string | null;
  readonly correlationId?: string;
}

/** One run; all random choices come from the seed. */
async function run(seed: number): Promise<{ subject: Subject; got: number[]; all: number[] }[]> {
  const random = seededRandom(seed);
  const store = createStoreInMemory();
  /** Lets some turns of the event loop pass. */
  const dawdle = async (most = 3) => {
    for (let left = Math.floor(random() * most); left > 0; left -= 1) await new Promise(setImmediate);
  };
  const slowFeed: Store['feed'] = async (query) => {
    await dawdle();
    const found = await store.feed(query);
    await dawdle();
    return found;
  };
  const streams = createStreams({ ...store, feed: slowFeed }, createManualWorld(seed));
  const add = async (app: string): Promise<Dispatchable> => {
    const execution = anExecution({ app });
    await store.add({ execution, fingerprint: 'print', queueCapacity: 1_000 });
    return execution;
  };
  const first = await add('a');
  let writing = true;
  const left = async (subject: Subject, after: number): Promise<FeedPage['entries']> =>
    (await store.feed({ ...subject, after, limit: 1_000 })).entries;

  /** Takes a few chunks from a new stream and drops it, possibly within one; returns the last id that it received. */
  async function connection(subject: Subject, after: number, got: number[]): Promise<number> {
    const followed = await streams.open({ ...subject, reader: 'r', after, cut: () => {} });
    if (followed.outcome !== 'open') throw new Error(followed.outcome);
    let last = after;
    for (let chunks = Math.ceil(random() * 4); chunks > 0; chunks -= 1) {
      const step = await Promise.race([followed.stream.next(), dawdle(20)]);
      if (step?.type !== 'entries') break;
      got.push(...step.entries.map(({ id }) => id));
      last = step.through;
    }
    followed.stream.close();
    return last;
  }

  const subjects: Subject[] = [
    { app: null },
    { app: 'a' },
    { app: 'b' },
    { app: 'a', correlationId: first.correlationId },
  ];
  const readers = subjects.map(async (subject) => {
    const got: number[] = [];
    for (let last = 0; writing || (await left(subject, last)).length > 0; ) last = await connection(subject, last, got);
    return { subject, got, all: (await left(subject, 0)).map(({ id }) => id) };
  });
  for (let commits = 0; commits < 40; commits += 1) {
    if (random() < 0.3) await store.record(first.reference, callback(completed()), NOON);
    else await add(random() < 0.5 ? 'a' : 'b');
    await dawdle();
  }
  writing = false;
  return Promise.all(readers);
}

test('every reader gets each of its entries once and in order', async () => {
  for (let seed = 1; seed <= 15; seed += 1) {
    for (const { subject, got, all } of await run(seed))
      expect({ seed, subject, got }).toEqual({ seed, subject, got: all });
  }
});
