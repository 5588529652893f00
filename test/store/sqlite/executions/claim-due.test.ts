// Due work is found by seeks: however much is queued for later, or by others, nothing of it is read.

import { expect, onTestFinished, test } from 'vitest';
import type { Submission } from '../../../../src/execution/execution.ts';
import type { FairShare } from '../../../../src/lib/weighted-fair-share.ts';
import { systemWorld } from '../../../../src/lib/world.ts';
import type { Store } from '../../../../src/store/port.ts';
import {
  DUE,
  DUE_IN_LANES,
  DUE_POLLS,
  NEXT_EXPIRY,
  NEXT_IN_LANES,
  NEXT_POLL,
} from '../../../../src/store/sqlite/executions/claim-due.ts';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { anExecution, callback, completed, NOON, submitted } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

const LANE = 'SEARCH execution_rows USING INDEX execution_rows_to_dispatch (app=? AND priority=? AND dispatch_at<?)';
const POLLS = 'SEARCH execution_rows USING INDEX execution_rows_to_poll (app=? AND poll_at<?)';
const EXPIRIES = 'SEARCH execution_rows USING INDEX execution_rows_to_expire (expire_at<?)';
const covering = (step: string) => step.replace('INDEX', 'COVERING INDEX');

function openStore(path: string): Store {
  const store = createSqliteStore({
    path,
    world: systemWorld,
    log: quietLog(),
    fatal,
  });
  onTestFinished(() => store.close());
  return store;
}

async function add(store: Store, overrides: Partial<Submission> = {}, now = NOON): Promise<string> {
  const execution = anExecution(overrides, now);
  await store.add({ execution, fingerprint: 'print', queueCapacity: 100_000 });
  return execution.reference;
}

test('each statement for due work searches the index that is made for it, and sorts and scans nothing', () => {
  const database = openDatabase(temporaryDatabase());
  onTestFinished(() => database.close());
  const stepsOf = (statement: string): string[] => {
    const plan = database.client.prepare(`EXPLAIN QUERY PLAN ${statement}`);
    const holes = Array.from(statement.matchAll(/\?/g), () => null);
    return (plan.all(...holes) as { detail: string }[])
      .map(({ detail }) => detail)
      .filter(
        (step) =>
          !/^(CORRELATED SCALAR SUBQUERY|CO-ROUTINE)|VIRTUAL TABLE|^SCAN \(subquery|PRIMARY KEY \(rowid=/.test(step),
      );
  };
  expect(stepsOf(DUE.inLane)).toEqual([LANE]);
  expect(stepsOf(DUE.polls)).toEqual([POLLS]);
  expect(stepsOf(DUE.expiries)).toEqual([EXPIRIES]);
  expect(stepsOf(DUE_IN_LANES)).toEqual([covering(LANE)]);
  expect(stepsOf(DUE_POLLS)).toEqual([covering(POLLS)]);
  expect(stepsOf(NEXT_IN_LANES)).toEqual([covering(LANE.replace('_at<?', '_at>?'))]);
  expect(stepsOf(NEXT_POLL)).toEqual([covering(POLLS.replace('_at<?', '_at>?'))]);
  expect(stepsOf(NEXT_EXPIRY)).toEqual([covering(EXPIRIES.replace('_at<?', '_at>?'))]);
});

test('who has something to be sent or polled is known again after reopening', async () => {
  const path = temporaryDatabase();
  const first = openStore(path);
  const sent = await add(first, { app: 'a' });
  await first.claimDispatches(1, NOON);
  await first.record(sent, submitted(), NOON);
  const high = await add(first, { app: 'b', priority: 9 }, NOON + 2);
  const low = await add(first, { app: 'b', priority: 1 }, NOON + 1);
  await first.close();

  const store = openStore(path);
  expect(await store.nextDue()).toMatchObject({ dispatchAt: NOON + 1, pollAt: NOON + 10_000 });
  expect(await store.openCounts()).toEqual({ QUEUED: 2, UNCONFIRMED: 0, PENDING: 1 });
  const claimed = await store.claimDispatches(10, NOON + 5);
  expect(claimed.map(({ reference }) => reference)).toEqual([high, low]);
  expect(await store.claimPolls(10, NOON + 10_000, NOON + 20_000)).toMatchObject([{ reference: sent }]);
});

test('what was taken back is not looked for: a batch that belongs together and is refused, a write that failed', async () => {
  const store = openStore(temporaryDatabase());
  const kept = await add(store, { app: 'kept' });
  const batch = ['gone', 'gone', 'kept'].map((app) => {
    return { execution: anExecution({ app }), fingerprint: 'print', queueCapacity: 3 };
  });
  const outcomes = await store.addAll(batch, true);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['withheld', 'withheld', 'full']);
  const unwritable = { ...callback(completed()), report: { ...completed(), result: 10n as never } };
  await expect(store.record(kept, unwritable, NOON)).rejects.toThrow();

  const asked: string[] = [];
  const share: FairShare = (_, demand) => {
    asked.push(...demand.keys());
    return [...demand.keys()];
  };
  expect(await store.claimDispatches(9, NOON, share)).toMatchObject([{ reference: kept }]);
  expect(asked).toEqual(['kept']);
});

test('what ended leaves nothing behind that is looked for', async () => {
  const store = openStore(temporaryDatabase());
  const one = await add(store, { app: 'a' });
  await store.claimDispatches(1, NOON);
  await store.record(one, submitted(), NOON);
  await store.record(one, callback(completed()), NOON);
  const other = await add(store, { app: 'b' });
  await store.record(other, { type: 'cancelled', by: 'b' }, NOON);
  expect(await store.nextDue()).toEqual({ dispatchAt: null, pollAt: null, expireAt: null });
  const noShare: FairShare = (_, demand) => {
    expect(demand.size).toBe(0);
    return [];
  };
  expect(await store.claimDispatches(9, NOON, noShare)).toEqual([]);
  expect(await store.claimPolls(9, NOON + 60_000, NOON + 90_000, noShare)).toEqual([]);
});

test('a step of the clock with a fraction of a millisecond moves due times by whole milliseconds', async () => {
  const store = openStore(temporaryDatabase());
  await add(store);
  await store.moveDueTimes({ from: NOON + 0.4, to: NOON - 999.2 });
  expect(await store.nextDue()).toMatchObject({ dispatchAt: NOON - 1000 });
});
