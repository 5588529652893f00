// The course of an action: the same counts from the roll-ups as from the executions, whatever else is in the file.

import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { roundDuration } from '../../../../src/lib/round-duration.ts';
import { type Course, type CourseGroup, MAX_COURSE_EXECUTIONS } from '../../../../src/store/rollups-port.ts';
import { createSqliteStore, type SqliteStore } from '../../../../src/store/sqlite/store.ts';
import { fatal } from '../../../support/fatal.ts';
import { type Life, live } from '../../../support/lives.ts';
import { createManualWorld, START } from '../../../support/manual-world.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const LIVES: readonly Life[] = [
  'callback',
  'poll',
  'timeout',
  'not-found',
  'cancelled',
  'refused',
  'pending',
  'queued',
];

function openStore(): { store: SqliteStore; path: string } {
  const path = temporaryDatabase();
  const world = createManualWorld(1, START + 24 * HOUR);
  return { path, store: createSqliteStore({ path, world, log: quietLog(), fatal }) };
}

/** An execution of each life every ten minutes of three hours, by two apps; half of them of another action. */
async function liveThreeHours(store: SqliteStore): Promise<void> {
  const all = Array.from({ length: 18 }, (_, index) => {
    const overrides = { actionId: index % 2 === 0 ? 'charge' : 'refund', app: index % 3 === 0 ? 'crm' : 'shop' };
    return LIVES.map((life) => live(store, life, START + index * 10 * MINUTE, overrides));
  });
  await Promise.all(all.flat());
}

/** Each count as text, so that the order does not matter. */
function linesOf({ accepted, outcomes }: Course, stepMs: number): string[] {
  const sums = new Map<string, number>();
  const add = (key: string, count: number) => sums.set(key, (sums.get(key) ?? 0) + count);
  const stepOf = (at: number) => Math.floor(at / stepMs) * stepMs;
  for (const { at, count } of accepted) add(`${stepOf(at)} accepted`, count);
  const key = ({ at, status, resolvedBy, sent, ms }: CourseGroup) =>
    `${stepOf(at)} ${status} ${resolvedBy} ${sent} ${ms}`;
  for (const group of outcomes) add(key(group), group.count);
  return [...sums].map(([name, count]) => `${name}: ${count}`).sort();
}

async function courseIn(store: SqliteStore, stepMs: number, hours = 3): Promise<Course> {
  const course = await store.course({ actionId: 'charge', from: START, to: START + hours * HOUR, stepMs });
  if (course === null) throw new Error('the period has few executions');
  return course;
}

describe('the course of an action', () => {
  test('has in hours what it has in minutes, for one action of all apps', async () => {
    const { store } = openStore();
    await liveThreeHours(store);
    const [hours, minutes] = [await courseIn(store, HOUR), await courseIn(store, MINUTE)];
    expect(linesOf(hours, HOUR)).toEqual(linesOf(minutes, HOUR));
    expect(hours.accepted.map(({ at }) => at)).toEqual([START, START + HOUR, START + 2 * HOUR]);
    expect(minutes.accepted.map(({ at, count }) => [at, count])).toEqual(
      Array.from({ length: 9 }, (_, index) => [START + index * 20 * MINUTE, LIVES.length]),
    );
    await store.close();
  });

  test('has the outcomes with their resolvers and run times, and open executions only as accepted', async () => {
    const { store } = openStore();
    await liveThreeHours(store);
    const { outcomes } = await courseIn(store, 3 * HOUR);
    const found = outcomes.map(({ at, status, resolvedBy, ms, count }) =>
      [at, status, resolvedBy, ms, count].join(' '),
    );
    expect(found.sort()).toEqual([
      `${START} CANCELLED cancel 0 9`,
      `${START} COMPLETED callback ${roundDuration(2_010)} 9`,
      `${START} COMPLETED poll ${roundDuration(10_510)} 9`,
      `${START} NOT_FOUND poll ${roundDuration(10_510)} 9`,
      `${START} REJECTED submit 35 9`,
      `${START} TIMEOUT deadline 0 9`,
    ]);
    await store.close();
  });

  test('ends before `to` and begins at `from`', async () => {
    const { store } = openStore();
    await liveThreeHours(store);
    for (const stepMs of [HOUR, 20 * MINUTE]) {
      const query = { actionId: 'charge', from: START + HOUR, to: START + 2 * HOUR, stepMs };
      const { accepted = [] } = (await store.course(query)) ?? {};
      expect(accepted.reduce((sum, { count }) => sum + count, 0)).toBe(3 * LIVES.length);
    }
    await store.close();
  });

  test('states the most common grace period and polling window', async () => {
    const { store } = openStore();
    for (let index = 0; index < 9; index += 1) {
      const timing =
        index % 3 === 0 ? { graceSeconds: 5, timeoutSeconds: 20 } : { graceSeconds: 60, timeoutSeconds: 40 };
      await live(store, 'callback', START + index * MINUTE, { actionId: 'charge', ...timing });
    }
    expect((await courseIn(store, HOUR)).timing).toEqual({ graceSeconds: 60, timeoutSeconds: 40 });
    expect((await store.course({ actionId: 'other', from: 0, to: HOUR, stepMs: HOUR }))?.timing).toBeNull();
    await store.close();
  });

  test('reads no short steps of more executions than the limit, and hours of any number', async () => {
    const { store, path } = openStore();
    const one = await live(store, 'callback', START + MINUTE, { actionId: 'charge' });
    const client = new Database(path);
    const columns = client.prepare<[], string>(`SELECT name FROM pragma_table_info('execution_rows')`).pluck().all();
    const cloned = columns.map((name) => {
      if (name === 'id') return 'id + n';
      // The last bytes of the UUIDv7 are random; the time at its beginning stays.
      if (name === 'reference') return `CAST(substr(reference, 1, 10) || printf('%06d', n) AS BLOB)`;
      return name === 'correlation_id' ? `correlation_id || n` : `"${name}"`;
    });
    const clone = (from: number, to: number) =>
      client.exec(`WITH RECURSIVE numbers(n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${to})
        INSERT INTO execution_rows (${columns.join(', ')})
        SELECT ${cloned.join(', ')} FROM execution_rows, numbers WHERE correlation_id = '${one.correlationId}'`);
    clone(1, MAX_COURSE_EXECUTIONS - 1);
    const query = { actionId: 'charge', from: START, to: START + HOUR, stepMs: MINUTE };
    const full = await store.course(query);
    expect(full?.accepted).toEqual([{ at: START + MINUTE, count: MAX_COURSE_EXECUTIONS }]);
    clone(MAX_COURSE_EXECUTIONS, MAX_COURSE_EXECUTIONS);
    expect(await store.course(query)).toBeNull();
    expect(await store.course({ ...query, stepMs: HOUR })).not.toBeNull();
    client.close();
    await store.close();
  });
});
