// What a failing disk makes of an answer: no promise is kept that was not committed.

import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { longWorkSlice, yieldToEventLoop } from '../../../src/lib/event-loop.ts';
import type { World } from '../../../src/lib/world.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { createGroupCommit } from '../../../src/store/sqlite/group-commit.ts';
import { createManualWorld } from '../../support/manual-world.ts';

/** A database whose COMMIT fails with these codes, one after the other, and then works. */
function openFailing(...codes: string[]) {
  return openOn({ elapsed: () => 0, sleep: async () => {} }, codes);
}

function openOn(world: Pick<World, 'elapsed' | 'sleep'>, codes: string[] = []) {
  const db = new Database(':memory:');
  db.exec('CREATE TABLE notes (text TEXT NOT NULL) STRICT');
  onTestFinished(() => void db.close());
  const failing = new Proxy(db, {
    get(target, name) {
      if (name !== 'prepare') {
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return (sql: string) => {
        const statement = target.prepare(sql);
        if (sql !== 'COMMIT') return statement;
        return {
          run: () => {
            const code = codes.shift();
            if (code !== undefined) throw Object.assign(new Error('the disk failed'), { code });
            return statement.run();
          },
        };
      };
    },
  });
  const seen = { committed: 0, rolledBack: 0, fatal: [] as unknown[], batches: [] as number[] };
  const writer = createGroupCommit<string>(failing, {
    world,
    committed: (changes) => {
      seen.committed += changes.length;
    },
    rolledBack: () => {
      seen.rolledBack += 1;
    },
    fatal: (error) => seen.fatal.push(error),
    observe: (batch) => seen.batches.push(batch),
  });
  const insert = db.prepare('INSERT INTO notes VALUES (?)');
  const write = (text: string) => writer.mutate(() => ({ value: insert.run(text).changes, changes: [text] }));
  const count = () => db.prepare('SELECT count(*) FROM notes').pluck().get();
  return { writer, insert, write, count, seen };
}

test('a commit that the disk has no room for: every write of it is turned away, and nothing of it is there', async () => {
  const { write, count, seen } = openFailing('SQLITE_FULL');
  const writes = await Promise.allSettled([write('a'), write('b')]);
  for (const one of writes) expect(one).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
  expect([count(), seen.committed, seen.rolledBack, seen.fatal]).toEqual([0, 0, 1, []]);
  await expect(write('c')).resolves.toBe(1);
  expect([count(), seen.committed]).toEqual([1, 1]);
});

test('a commit whose fsync failed is never acknowledged: the process must end', async () => {
  const { write, seen } = openFailing('SQLITE_IOERR_FSYNC');
  let settled = false;
  const end = () => {
    settled = true;
  };
  write('a').then(end, end);
  while (seen.fatal.length === 0) await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect([settled, seen.committed]).toEqual([false, 0]);
  await expect(write('b')).rejects.toThrow(StoreUnavailable);
});

test('what breaks a rule of the table is rejected alone', async () => {
  const { write, count } = openFailing();
  const [good, bad] = await Promise.allSettled([write('a'), write(null as never)]);
  expect([good.status, bad.status, count()]).toEqual(['fulfilled', 'rejected', 1]);
});

test('one that throws half done leaves nothing, and the others of its batch are there once', async () => {
  const { writer, insert, write, count, seen } = openFailing();
  const writes = await Promise.allSettled([
    write('a'),
    writer.mutate(() => {
      insert.run('half');
      throw new Error('changed its mind');
    }),
    write('b'),
  ]);
  expect(writes).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { message: 'changed its mind' } },
    {},
  ]);
  expect([writes[2]?.status, count(), seen.committed]).toEqual(['fulfilled', 2, 2]);
});

test('one that is known to throw at times takes itself back alone: no other is run again for it', async () => {
  const { writer, insert, count } = openFailing();
  let runs = 0;
  const other = () => {
    runs += 1;
    return { value: insert.run('other').changes, changes: ['other'] };
  };
  const refuse = () => {
    insert.run('half');
    throw new Error('not all of them');
  };
  const [, refused] = await Promise.allSettled([writer.mutate(other), writer.mutate(refuse, { expectRollback: true })]);
  expect([refused.status, runs, count()]).toEqual(['rejected', 1, 1]);
});

test('while commits are held, writes wait, and are committed as soon as the work has settled', async () => {
  const { writer, write, count } = openOn(createManualWorld());
  const work = Promise.withResolvers<void>();
  const holding = writer.hold(work.promise);
  const writing = write('a');
  for (let turn = 0; turn < 20; turn += 1) await yieldToEventLoop();
  expect(count()).toBe(0);
  work.resolve();
  await holding;
  await expect(writing).resolves.toBe(1);
});

test('commits are held for a second at most, however long the work takes', async () => {
  const world = createManualWorld();
  const { writer, write } = openOn(world);
  const holding = writer.hold(new Promise(() => {}));
  const writing = write('a');
  await world.advance(1_000);
  await holding;
  await expect(writing).resolves.toBe(1);
});

test('work that fails ends the hold', async () => {
  const { writer, write } = openOn(createManualWorld());
  await writer.hold(Promise.reject(new Error('failed')));
  await expect(write('a')).resolves.toBe(1);
});

test.each([
  ['just after a batch of two', ['a', 'b'], 0, [2, 2]],
  ['long after a batch of two', ['a', 'b'], 8, [2, 1, 1]],
  ['just after a batch of one', ['a'], 0, [1, 1, 1]],
])('%s, writes that are five turns apart', async (_, first, afterMs, batches) => {
  let now = 0;
  const { write, seen } = openOn({ elapsed: () => now, sleep: async () => {} });
  await Promise.all(first.map(write));
  now += afterMs;
  const earlier = write('c');
  for (let turn = 0; turn < 5; turn += 1) await yieldToEventLoop();
  await Promise.all([earlier, write('d')]);
  expect(seen.batches).toEqual(batches);
});

test('a callback on a new connection, just after a batch of several, is committed before the next slice of long work', async () => {
  const { write, count } = openFailing();
  await Promise.all([write('a'), write('b')]);
  await longWorkSlice();
  const nextSlice = longWorkSlice().then(count);
  // Node accepts the connection, reads from it, and ends the reading of the body.
  for (let turn = 0; turn < 3; turn += 1) await yieldToEventLoop();
  const writing = write('c');
  expect(await nextSlice).toBe(3);
  await writing;
});

test('while writes arrive in every turn, a batch is committed after 8 ms', async () => {
  let now = 0;
  const { write, seen } = openOn({ elapsed: () => now, sleep: async () => {} });
  const writes: Promise<number>[] = [];
  for (; seen.batches.length === 0 && now < 50; now += 1) {
    writes.push(write('a'));
    await yieldToEventLoop();
  }
  expect(now).toBe(9);
  await Promise.all(writes);
});

test('a write that is alone is committed at once, unless a batch of several came just before', async () => {
  const { writer, insert, write, count, seen } = openFailing();
  const alone = (text: string) => {
    const options = { isAlone: true };
    return writer.mutate(() => ({ value: insert.run(text).changes, changes: [text] }), options);
  };
  let turns = 0;
  setImmediate(() => {
    turns += 1;
  });
  await alone('a');
  expect([count(), turns]).toEqual([1, 0]);
  await Promise.all([write('b'), write('c')]);
  const earlier = alone('d');
  await yieldToEventLoop();
  await Promise.all([earlier, alone('e')]);
  expect(seen.batches).toEqual([1, 2, 2]);
});

test('a write that a lone one adds is committed after it, although it is alone, too', async () => {
  const { writer, insert, seen } = openFailing();
  const lone = (work: () => void) => {
    const options = { isAlone: true };
    return writer.mutate(() => ({ value: work(), changes: ['a note'] }), options);
  };
  let added = Promise.resolve();
  await lone(() => {
    insert.run('a');
    added = lone(() => void insert.run('b'));
  });
  await added;
  expect(seen).toMatchObject({ batches: [1, 1], rolledBack: 0, fatal: [] });
});
