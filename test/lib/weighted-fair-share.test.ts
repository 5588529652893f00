// Weighted fair sharing of turns: the share of each app does not depend on the others.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFairShare } from '../../src/lib/weighted-fair-share.ts';

const demand = (wanted: Record<string, number>) => new Map(Object.entries(wanted));
const countOf = (turns: readonly string[], app: string) => turns.filter((turn) => turn === app).length;

test('one single request precedes all but one of a backlog of ten thousand', () => {
  const share = createFairShare();
  for (let round = 0; round < 100; round += 1) share(5, demand({ big: 10_000 }));
  expect(share(5, demand({ big: 10_000, small: 1 })).slice(0, 2)).toContain('small');
});

test('turns follow the weights, finely interleaved', () => {
  const share = createFairShare(new Map([['heavy', 3]]));
  const turns = share(400, demand({ heavy: 1000, light: 1000 }));
  expect(countOf(turns, 'heavy')).toBe(300);
  for (let i = 0; i + 4 <= 400; i += 4) expect(countOf(turns.slice(i, i + 4), 'light')).toBe(1);
});

test('weights hold over many rounds, also when each round has one turn', () => {
  const share = createFairShare(new Map([['heavy', 3]]));
  const turns = Array.from({ length: 400 }, () => share(1, demand({ heavy: 1000, light: 1000 }))).flat();
  expect(countOf(turns, 'heavy')).toBe(300);
});

test('an idle app accumulates no credit, however long it was idle', () => {
  const share = createFairShare();
  for (let round = 0; round < 1000; round += 1) share(10, demand({ busy: 100 }));
  expect(countOf(share(20, demand({ busy: 100, back: 100 })), 'back')).toBe(10);
});

test('an app that comes and goes gets no more than one that stays', () => {
  const share = createFairShare();
  const turns: string[] = [];
  for (let i = 0; i < 300; i += 1)
    turns.push(...share(1, demand({ stays: 100, ...(i % 3 === 2 ? {} : { comes: 1 }) })));
  expect(countOf(turns, 'comes')).toBeLessThanOrEqual(countOf(turns, 'stays') + 1);
});

test('no more turns are assigned than are wanted, and none to an app that wants none', () => {
  const share = createFairShare();
  expect(share(10, demand({ a: 2, b: 0, c: 1 })).toSorted()).toEqual(['a', 'a', 'c']);
  expect(share(10, new Map())).toEqual([]);
  expect(share(0, demand({ a: 2 }))).toEqual([]);
});

const APPS = ['a', 'b', 'c', 'd'];
const rounds = fc.array(
  fc.record({
    limit: fc.integer({ min: 0, max: 12 }),
    others: fc.record({ b: fc.nat(15), c: fc.nat(15), d: fc.nat(15) }),
  }),
  { minLength: 1, maxLength: 60 },
);
const weights = fc.tuple(...APPS.map(() => fc.integer({ min: 1, max: 10 })));

test('in any period an app that always has work gets its share of the turns, up to a small difference', () => {
  fc.assert(
    fc.property(weights, rounds, fc.nat(59), fc.nat(59), (own, all, from, to) => {
      const weightOf = new Map(APPS.map((app, i) => [app, own[i] ?? 1]));
      const share = createFairShare(weightOf);
      const given = all.map(({ limit, others }) => share(limit, demand({ a: 1000, ...others })));
      const stretch = given.slice(Math.min(from, to), Math.max(from, to) + 1).flat();
      const sum = [...weightOf.values()].reduce((total, weight) => total + weight);
      const part = (weightOf.get('a') ?? 1) / sum;
      // Each of the four may be one turn ahead, and this one may be one turn behind.
      expect(countOf(stretch, 'a')).toBeGreaterThanOrEqual(Math.floor(part * (stretch.length - APPS.length) - 1));
    }),
  );
});

test('no turn is lost: turns are assigned up to the wanted number or the limit', () => {
  fc.assert(
    fc.property(rounds, (all) => {
      const share = createFairShare();
      for (const { limit, others } of all) {
        const wanted = Object.values(others).reduce((sum, count) => sum + count);
        const turns = share(limit, demand(others));
        expect(turns).toHaveLength(Math.min(limit, wanted));
        for (const [app, count] of Object.entries(others)) expect(countOf(turns, app)).toBeLessThanOrEqual(count);
      }
    }),
  );
});
