// CXone's addresses: cached, refreshed, and in use while DNS is slow or down.

import type { LookupAddress } from 'node:dns';
import { expect, test } from 'vitest';
import { createCachedLookup } from '../../src/cxone/cached-lookup.ts';
import { createManualWorld } from '../support/manual-world.ts';

const A: LookupAddress[] = [
  { address: '192.0.2.1', family: 4 },
  { address: '2001:db8::1', family: 6 },
];
const B: LookupAddress[] = [{ address: '192.0.2.2', family: 4 }];
const never = () => new Promise<never>(() => {});

function setUp() {
  const world = createManualWorld();
  const names = { answer: async (): Promise<LookupAddress[]> => A, queries: 0 };
  const { lookup, expire } = createCachedLookup(world, () => {
    names.queries += 1;
    return names.answer();
  });
  const find = (family = 0) =>
    new Promise<unknown>((resolve) => {
      lookup('cxone.example', { all: true, family }, (error, addresses) => resolve(error?.code ?? addresses));
    });
  return { world, names, find, expire, lookup };
}

test('connections within 30 s need one query, also at the same time', async () => {
  const { world, names, find } = setUp();
  expect(await Promise.all([find(), find(), find()])).toEqual([A, A, A]);
  await world.advance(29_999);
  expect(await find()).toEqual(A);
  expect(names.queries).toBe(1);
  names.answer = async () => B;
  await world.advance(1);
  expect(await find()).toEqual(B);
});

test('while DNS does not respond, the known addresses are used: the first connection waits for 250 ms, others not at all', async () => {
  const { world, names, find } = setUp();
  await find();
  await world.advance(60_000);
  names.answer = never;
  const first = find();
  await world.advance(249);
  expect(await find()).toEqual(A);
  await world.advance(1);
  expect(await first).toEqual(A);
  expect(names.queries).toBe(2);
});

test('while DNS fails, the known addresses are used for an hour, and each connection tries again', async () => {
  const { world, names, find } = setUp();
  await find();
  names.answer = () => Promise.reject(Object.assign(new Error('try again'), { code: 'EAI_AGAIN' }));
  await world.advance(3_599_999);
  expect(await find()).toEqual(A);
  await world.advance(1);
  expect(await find()).toBe('EAI_AGAIN');
  names.answer = async () => B;
  expect(await find()).toEqual(B);
});

test('a host that seems to have moved is queried again, and keeps its addresses if DNS is down', async () => {
  const { names, find, expire } = setUp();
  await find();
  names.answer = async () => B;
  expire();
  expect(await find()).toEqual(B);
  names.answer = () => Promise.reject(new Error('down'));
  expire();
  expect(await find()).toEqual(B);
});

test('a connection gets the addresses of the family that it wants, as a list or alone', async () => {
  const { find, lookup } = setUp();
  expect(await find(6)).toEqual([A[1]]);
  const alone = await new Promise((resolve) => {
    lookup('cxone.example', { family: 'IPv4' }, (_, address, family) => resolve([address, family]));
  });
  expect(alone).toEqual(['192.0.2.1', 4]);
});

test('a name without an address of the family is an error', async () => {
  const { names, find } = setUp();
  names.answer = async () => B;
  expect(await find(6)).toBe('ENOTFOUND');
});
