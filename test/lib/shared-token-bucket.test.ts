// A token bucket that is shared: what is asked for at the same time is taken together, and the level is that of the last answer.

import { expect, test } from 'vitest';
import { createSharedTokenBucket, type Taken } from '../../src/lib/token-bucket.ts';

function aSharedBucket() {
  const asked: { readonly counts: readonly number[]; readonly answer: (taken: Taken | Error) => void }[] = [];
  let time = 0;
  const bucket = createSharedTokenBucket(
    (counts) =>
      new Promise((resolve, reject) => {
        asked.push({ counts, answer: (taken) => (taken instanceof Error ? reject(taken) : resolve(taken)) });
      }),
    { capacity: 10, gainPerMs: 0.01 },
    () => time,
  );
  const pass = (ms: number) => {
    time += ms;
  };
  return { asked, bucket, pass };
}

test('what is asked for while one request is under way is taken together by the next one', async () => {
  const { asked, bucket } = aSharedBucket();
  const first = bucket.take(1);
  const others = [bucket.take(5), bucket.take(2), bucket.take(1)];
  expect(asked.map(({ counts }) => counts)).toEqual([[1]]);
  asked[0]?.answer({ admitted: 1, level: 3 });
  expect(await first).toBe(true);
  await expect.poll(() => asked.length).toBe(2);
  expect(asked[1]?.counts).toEqual([5, 2, 1]);
  asked[1]?.answer({ admitted: 1, level: -2 });
  expect(await Promise.all(others)).toEqual([true, false, false]);
});

test('the level is the one that was read last, and refills until the next request', async () => {
  const { asked, bucket, pass } = aSharedBucket();
  expect(bucket.level()).toBe(10);
  const taken = bucket.take(1);
  asked[0]?.answer({ admitted: 1, level: -2 });
  await taken;
  expect([bucket.level(), bucket.msUntil(1)]).toEqual([-2, 300]);
  pass(400);
  expect([bucket.level(), bucket.msUntil(1)]).toEqual([2, 0]);
  pass(60_000);
  expect(bucket.level()).toBe(10);
});

test('a request that fails fails for those that it was for, and the next one is made', async () => {
  const { asked, bucket } = aSharedBucket();
  const first = bucket.take(1);
  const next = bucket.take(1);
  asked[0]?.answer(new Error('the database is away'));
  await expect(first).rejects.toThrow('the database is away');
  await expect.poll(() => asked.length).toBe(2);
  asked[1]?.answer({ admitted: 0, level: 0.5 });
  expect(await next).toBe(false);
});
