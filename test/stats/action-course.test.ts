// The steps of an action's course, its totals, and what happens when there are too many executions for short steps.

import { expect, test } from 'vitest';
import { readCourse } from '../../src/stats/action-course.ts';
import type { Course, CourseGroup, CourseQuery } from '../../src/store/rollups-port.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 0, 1, 12);

const EMPTY: Course = { accepted: [], outcomes: [], timing: null };

function storeOf(answer: (query: CourseQuery) => Course | null, countedFrom: number | null = 0) {
  const asked: CourseQuery[] = [];
  const course = async (query: CourseQuery) => {
    asked.push(query);
    return answer(query);
  };
  return { asked, course, coverage: async () => ({ countedFrom }) };
}

const group = (overrides: Partial<CourseGroup>): CourseGroup => ({
  ...{ at: NOON, status: 'COMPLETED', resolvedBy: 'callback', sent: 1, ms: 1_000, count: 1 },
  ...overrides,
});

test.for([
  [8_000, 1_000, 8],
  [HOUR, MINUTE, 60],
  [DAY, 30 * MINUTE, 48],
  [7 * DAY, 3 * HOUR, 56],
  [30 * DAY, 12 * HOUR, 60],
  [90 * DAY, 2 * DAY, 46],
] as const)('a period of %i ms has steps of %i ms, %i of them', async ([ms, stepMs, count]) => {
  const store = storeOf(() => EMPTY);
  const { steps, ...course } = await readCourse(store, 'charge', { from: NOON - ms, to: NOON });
  expect([course.stepMs, steps.length]).toEqual([stepMs, count]);
  expect(store.asked).toEqual([{ actionId: 'charge', from: course.from, to: course.to, stepMs }]);
});

test('the steps cover the whole period', async () => {
  const { from, to, steps } = await readCourse(
    storeOf(() => EMPTY),
    'charge',
    {
      from: NOON + 1,
      to: NOON + HOUR + 1,
    },
  );
  expect([from, to]).toEqual([NOON, NOON + HOUR + 2 * MINUTE]);
  expect(steps.map(({ at }) => at)).toEqual(Array.from({ length: 31 }, (_, index) => NOON + index * 2 * MINUTE));
});

test('each step has its counts, and percentiles of the outcomes from CXone alone', async () => {
  const outcomes = [
    group({ ms: 1_000, count: 50 }),
    group({ ms: 2_000, count: 40 }),
    group({ ms: 8_000, resolvedBy: 'poll', count: 10 }),
    group({ status: 'TIMEOUT', resolvedBy: 'deadline', ms: 0, count: 7 }),
    group({ status: 'CANCELLED', resolvedBy: 'cancel', ms: 0, sent: 0, count: 3 }),
  ];
  const store = storeOf(() => ({ ...EMPTY, accepted: [{ at: NOON, count: 115 }], outcomes }));
  const { steps, total } = await readCourse(store, 'charge', { from: NOON, to: NOON + HOUR });
  const [first, second] = steps;
  expect(first).toMatchObject({ submitted: 115, ended: 110, open: 5 });
  expect(first?.byStatus).toMatchObject({ COMPLETED: 100, TIMEOUT: 7, CANCELLED: 3 });
  expect(first?.byChannel).toEqual({ callback: 90, poll: 10, submit: 0, timeout: 7 });
  expect(first?.runTimes).toEqual({ count: 100, p5: 1_000, p25: 1_000, p50: 1_000, p75: 2_000, p95: 8_000 });
  expect(second).toMatchObject({ submitted: 0, ended: 0, open: 0, runTimes: null });
  expect(total).toMatchObject({ submitted: 115, ended: 110, open: 5 });
});

test('too many executions for short steps: the steps are hours', async () => {
  const store = storeOf(({ stepMs }) => (stepMs < HOUR ? null : EMPTY));
  const course = await readCourse(store, 'charge', { from: NOON + MINUTE, to: NOON + 2 * HOUR });
  expect(course).toMatchObject({ isCoarse: true, stepMs: HOUR, from: NOON, to: NOON + 2 * HOUR });
});

test.for([
  [NOON - 7 * DAY, null],
  [NOON - DAY, NOON - DAY],
  [null, NOON],
] as const)('hours that are counted from %o on: %o', async ([countedFrom, stated]) => {
  const store = storeOf(() => EMPTY, countedFrom);
  const course = await readCourse(store, 'charge', { from: NOON - 7 * DAY, to: NOON });
  expect(course.countedFrom).toBe(stated);
});

test('short steps are read from the executions, which are always complete', async () => {
  const course = await readCourse(
    storeOf(() => EMPTY, null),
    'charge',
    { from: NOON - HOUR, to: NOON },
  );
  expect(course.countedFrom).toBeNull();
});
