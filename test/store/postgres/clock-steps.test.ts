// A step of the clock moves the times of any number of executions and notifications, each once.

import { afterEach, describe, expect, test } from 'vitest';
import type { Log } from '../../../src/lib/log.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { NotLeading } from '../../../src/store/postgres/connection/errors.ts';
import type { Session } from '../../../src/store/postgres/connection/session.ts';
import { createClockSteps } from '../../../src/store/postgres/executions/clock-steps.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, NOON } from '../../support/executions.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { incidentsAcross } from '../incidents-across-a-step.ts';

const HOUR = 3_600_000;
/** Several slices. */
const MANY = 9_000;
/** Those of the last slice, which would be claimed first. */
const URGENT = 1_000;

const database = createReusedDatabase();
const opened: PostgresStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function openOn(url: string, log: Log = quietLog()): Promise<PostgresStore> {
  const store = await openPostgresStore({ url, world: systemWorld, log });
  opened.push(store);
  return store;
}

/** Queued executions that are due at noon, and as many notifications. */
async function fill(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`INSERT INTO execution_rows (reference, submitted_at, timeout_seconds, grace_seconds, retry_uncertain, priority,
        correlation_id, app, action_id, fingerprint, sample_level, status, dispatch_at, expire_at)
      SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ${NOON}, 30, 10, false,
        CASE WHEN n > ${MANY - URGENT} THEN 9 ELSE 4 END, 'many-' || n, 'shop', 'look-up', '',
        0, 1, ${NOON}, ${NOON + HOUR} FROM generate_series(1, ${MANY}) AS n`);
    await client.query(`INSERT INTO work (reference, execution, app, action_id, priority, status, submitted_at, dispatch_at, expire_at)
      SELECT reference, id, app, action_id, priority, status, submitted_at, dispatch_at, expire_at FROM execution_rows`);
    await client.query(`INSERT INTO notification_rows (id, reference, correlation_id, app, type, url, origin, created_at, status, due_at,
        give_up_at, attempts)
      SELECT 'letter-' || id, reference, correlation_id, app, 'execution.completed', 'https://a.example/', 'https://a.example', ${NOON},
        'PENDING', ${NOON}, ${NOON + HOUR}, 0 FROM execution_rows`);
    await client.query(
      `INSERT INTO notification_work (id, app, origin, due_at) SELECT id, app, origin, due_at FROM notification_rows`,
    );
  });
}

/** How many rows have moved by how much. */
const movedBy = (url: string, from: string, column: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query(
      `SELECT (${column} - ${NOON})::integer AS by, count(*)::integer AS count FROM ${from} GROUP BY 1 ORDER BY 1`,
    );
    return rows.map(({ by, count }) => [by, count]);
  });

describe.skipIf(serverUrl === null)('of more executions and notifications than one statement moves', () => {
  test('each moves once, what comes meanwhile stays, and nothing is claimed meanwhile', async () => {
    const url = await database();
    const leader = await openOn(url);
    const other = await openOn(url);
    await fill(url);
    // The claim finds its connection open.
    await leader.nextDue();
    const later = NOON + 2_000;
    const meanwhile: { added?: Promise<unknown>; claimed?: Promise<unknown[]> } = {};
    await leader.moveDueTimes({ from: NOON, to: NOON + HOUR }, () => {
      const execution = anExecution({ app: 'shop' }, later);
      meanwhile.added = other.add({ execution, fingerprint: 'print', queueCapacity: 100_000 });
      meanwhile.claimed = leader.claimDispatches(10, NOON + 1_000);
    });
    expect(await meanwhile.claimed).toEqual([]);
    expect(await meanwhile.added).toMatchObject({ outcome: 'added' });
    const all = [
      [later - NOON, 1],
      [HOUR, MANY],
    ];
    expect(await movedBy(url, 'work', 'dispatch_at')).toEqual(all);
    expect(await movedBy(url, 'execution_rows', 'dispatch_at')).toEqual(all);
    expect(await movedBy(url, 'notification_work', 'due_at')).toEqual([[HOUR, MANY]]);
    expect(await movedBy(url, 'notification_rows', 'due_at')).toEqual([[HOUR, MANY]]);
    expect(await leader.lastClockStep()).toEqual({ from: NOON, to: NOON + HOUR });
  });
});

describe.skipIf(serverUrl === null)('when the leader ends in the middle of a step', () => {
  /** Moves the first slice by an hour, with a leader that hands over behind it. */
  async function interrupted(url: string, leader: PostgresStore): Promise<void> {
    await fill(url);
    await leader.moveDueTimes({ from: NOON, to: NOON + HOUR }, () => {
      void leader.leadership.handOver(async () => {});
    });
    expect((await movedBy(url, 'work', 'dispatch_at'))[0]).toEqual([0, MANY - 2_000]);
  }

  const stepRows = (url: string) =>
    withClient(url, async (client) => {
      const { rows } = await client.query('SELECT id FROM heartbeat WHERE id > 1 ORDER BY id');
      return rows.map(({ id }) => id);
    });

  const ofEnded = (lines: readonly { message: string }[]) =>
    lines.filter(({ message }) => message.startsWith('a leader ended'));

  test('the next one moves the rest once, before it claims anything, also when it ends, too', async () => {
    const url = await database();
    const leader = await openOn(url);
    const log = quietLog();
    const warned = (...line: Parameters<Log['warn']>) => {
      log.warn(...line);
      if (line[1].includes('is moved now')) void second.leadership.handOver(async () => {});
    };
    const second: PostgresStore = await openOn(url, { ...log, warn: warned });
    await interrupted(url, leader);
    await expect.poll(() => ofEnded(log.lines), { timeout: 10_000 }).toMatchObject([{ facts: { movedMs: HOUR } }]);
    const later = anExecution({ app: 'shop' }, NOON + 2_000);
    await second.add({ execution: later, fingerprint: 'print', queueCapacity: 100_000 });
    const third = await openOn(url);
    await expect.poll(() => third.leadership.leads(), { timeout: 10_000 }).toBe(true);
    expect(await third.claimDispatches(1, NOON + 1_000)).toEqual([]);
    const all = [
      [2_000, 1],
      [HOUR, MANY],
    ];
    expect(await movedBy(url, 'work', 'dispatch_at')).toEqual(all);
    expect(await movedBy(url, 'execution_rows', 'dispatch_at')).toEqual(all);
    expect(await movedBy(url, 'notification_work', 'due_at')).toEqual([[HOUR, MANY]]);
    expect(await movedBy(url, 'notification_rows', 'due_at')).toEqual([[HOUR, MANY]]);
    expect(await stepRows(url)).toEqual([2, 3]);
  });

  test('nothing moves twice where it is not known how far it came, and the log says so', async () => {
    const url = await database();
    const leader = await openOn(url);
    await interrupted(url, leader);
    await withClient(url, (client) => client.query('UPDATE heartbeat SET at = 1000000 WHERE id = 6'));
    const log = quietLog();
    const next = await openOn(url, log);
    await expect.poll(() => next.leadership.leads(), { timeout: 10_000 }).toBe(true);
    await next.claimDispatches(1, NOON - 1);
    const left = { facts: { movedMs: HOUR }, message: expect.stringContaining('stays as it was') };
    expect(ofEnded(log.lines)).toMatchObject([left]);
    expect((await movedBy(url, 'work', 'dispatch_at'))[0]).toEqual([0, MANY - 2_000]);
    expect(await stepRows(url)).toEqual([2, 3]);
  });
});

test.skipIf(serverUrl === null)('a claim that waits while the clock is set back decides by the new clock', async () => {
  const leader = await openOn(await database());
  const execution = anExecution({}, NOON + HOUR);
  await leader.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  const asked = NOON + HOUR + 1;
  const moved = leader.moveDueTimes({ from: asked, to: asked - HOUR });
  const [expired, claimed] = await Promise.all([leader.expire(10, asked), leader.claimDispatches(10, asked)]);
  await moved;
  expect(expired).toBe(0);
  expect(claimed).toMatchObject([{ reference: execution.reference, sentAt: NOON + 1 }]);
});

test.skipIf(serverUrl === null)(
  'a time of a receiver that has not noticed yet that the clock was set back is not the newest one',
  async () => {
    const url = await database();
    const leader = await openOn(url);
    const other = await openOn(url);
    const newest = () =>
      withClient(url, async (client) => (await client.query('SELECT at FROM heartbeat WHERE id = 1')).rows[0].at);
    await leader.moveDueTimes({ from: NOON + HOUR, to: NOON });
    await other.ping(NOON + HOUR + 2_000);
    await leader.ping(NOON + 3_000);
    expect(Number(await newest())).toBe(NOON + 3_000);
    await other.ping(NOON + HOUR + 60_000);
    expect(Number(await newest())).toBe(NOON + HOUR + 60_000);
  },
);

test.skipIf(serverUrl === null).for([
  ['back', NOON + HOUR, NOON],
  ['forward again', NOON, NOON + HOUR],
] as const)('what is decided behind a step %s has the times of the new clock', async ([, from, to]) => {
  const leader = await openOn(await database());
  const sent = anExecution({}, from);
  const more = { fingerprint: 'print', queueCapacity: 10 };
  await leader.add({ execution: sent, ...more });
  await leader.record(sent.reference, { type: 'dispatched' }, from);
  // The writer is idle, so that the step comes before what is written next.
  await leader.nextDue();
  const moved = leader.moveDueTimes({ from, to });
  const added = [anExecution({}, from), anExecution({}, from)] as const;
  const unsent = { type: 'unsent', httpStatus: 503, latencyMs: 5, message: 'not now' } as const;
  await Promise.all([
    moved,
    leader.add({ execution: added[0], ...more }),
    leader.addAll([{ execution: added[1], ...more }], true),
    leader.record(sent.reference, { ...unsent, retryAt: from + 1_000, giveUpAt: from + 300_000 }, from),
  ]);
  const times = async ({ reference }: { reference: string }) => {
    const { dispatchAt, expireAt } = (await leader.findByReference(reference)) ?? {};
    return { dispatchAt, expireAt };
  };
  for (const one of added) expect(await times(one)).toEqual({ dispatchAt: to, expireAt: to + 300_000 });
  expect(await times(sent)).toEqual({ dispatchAt: to + 1_000, expireAt: to + 300_000 });
});

test.skipIf(serverUrl === null).for([
  ['back', NOON + HOUR, NOON],
  ['forward again', NOON, NOON + HOUR],
] as const)('what is written of incidents behind a step %s is announced by the new clock', async ([, from, to]) => {
  const url = await database();
  const leader = await openOn(url);
  const { write, expectNewClock } = await incidentsAcross(leader, { from, to });
  await withClient(url, async (client) => {
    await client.query('BEGIN; LOCK TABLE submission_rates');
    const moved = leader.moveDueTimes({ from, to });
    const waiting = `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()`;
    await expect.poll(async () => (await client.query(waiting)).rowCount).toBe(1);
    const written = write();
    await client.query('COMMIT');
    await Promise.all([moved, written]);
  });
  await expectNewClock();
});

/** A session whose slices end in these ways. */
function steps(ends: readonly (Error | boolean)[], terms: readonly number[] = []) {
  const places: unknown[] = [];
  const log = quietLog();
  const waits: number[] = [];
  const session = {
    state: () => 'active' as const,
    writeAsLeader: async (_statement: string, values: object) => {
      places.push('reference' in values ? values.reference : undefined);
      const end = ends[places.length - 1];
      if (end instanceof Error) throw end;
      return { executions: 9, sequence: 9, reference: `${places.length}`, notification: null, isLast: end };
    },
  };
  let asked = 0;
  const { moveDueTimes } = createClockSteps({
    session: session as unknown as Session,
    terms: {
      current: () => {
        asked += 1;
        return asked === 1 ? null : (terms[asked - 2] ?? 1);
      },
      watch: () => () => {},
    },
    world: { sleep: async (ms) => void waits.push(ms) },
    log,
    alone: (work) => work(),
    between: (work) => work(),
    begun: () => {},
  });
  return { move: (begun?: () => void) => moveDueTimes({ from: 1, to: 2 }, begun), places, log, waits };
}

describe('slices', () => {
  test('continue behind the last one when the database was not available in between', async () => {
    const { move, places, waits, log } = steps([false, new StoreUnavailable('restarted'), false, true]);
    await move();
    expect(places).toEqual([null, '1', '1', '3']);
    expect(waits).toHaveLength(1);
    expect(log.lines).toEqual([]);
  });

  test('that fail at first have moved nothing', async () => {
    const { move, places } = steps([new StoreUnavailable('restarted')]);
    await expect(move(() => expect.unreachable())).rejects.toThrow('restarted');
    expect(places).toEqual([null]);
  });

  test.for([
    ['another receiver leads', [false, new NotLeading()], []],
    ['another receiver has led in between', [false, false], [1, 2]],
  ] as const)('end with a warning when %s', async ([, ends, terms]) => {
    const { move, places, log } = steps(ends, terms);
    await move();
    expect(places.length).toBe(terms.length === 0 ? 2 : 1);
    expect(log.lines).toMatchObject([{ level: 'warn' }]);
  });
});
