// Work of terms: one at a time, in the order of the terms.

import { expect, test } from 'vitest';
import { createDuty } from '../../src/lib/duty.ts';

function set() {
  const events: string[] = [];
  let begun = 0;
  const ends: (() => void)[] = [];
  const duty = createDuty({
    begin: () => {
      begun += 1;
      events.push(`begin ${begun}`);
      return begun;
    },
    end: async (work) => {
      events.push(`ending ${work}`);
      await new Promise<void>((resolve) => void ends.push(resolve));
      events.push(`end ${work}`);
    },
  });
  return { duty, events, endNext: () => ends.shift()?.() };
}

const turn = () => new Promise((resolve) => void setImmediate(resolve));

test('work begins with a term, and ends when another process has the next one', async () => {
  const { duty, events, endNext } = set();
  duty.assign(1);
  await turn();
  expect(events).toEqual(['begin 1']);
  duty.assign(1);
  duty.assign(null);
  await turn();
  expect(events).toEqual(['begin 1', 'ending 1']);
  endNext();
  await turn();
  expect(events).toEqual(['begin 1', 'ending 1', 'end 1']);
});

test('the work of a term begins only after that of the term before has ended', async () => {
  const { duty, events, endNext } = set();
  duty.assign(1);
  await turn();
  duty.assign(2);
  await turn();
  duty.assign(null);
  duty.assign(3);
  await turn();
  expect(events).toEqual(['begin 1', 'ending 1']);
  endNext();
  await turn();
  expect(events).toEqual(['begin 1', 'ending 1', 'end 1', 'begin 2']);
});

test('a term that is over before its work has begun has none', async () => {
  const { duty, events } = set();
  duty.assign(1);
  duty.assign(null);
  await turn();
  expect(events).toEqual([]);
});

test('after the stop, no term has work', async () => {
  const { duty, events, endNext } = set();
  duty.assign(1);
  await turn();
  const stopped = duty.stop();
  duty.assign(2);
  await turn();
  endNext();
  await stopped;
  await turn();
  expect(events).toEqual(['begin 1', 'ending 1', 'end 1']);
});
