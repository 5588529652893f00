// Executions of paused actions do not delay others: each is passed once, by the index alone, however many there are.

import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { Submission } from '../../../../src/execution/execution.ts';
import { systemWorld } from '../../../../src/lib/world.ts';
import type { Store } from '../../../../src/store/port.ts';
import { BEHIND_POSITION } from '../../../../src/store/sqlite/executions/behind-paused.ts';
import { QUEUED_OF_ACTION } from '../../../../src/store/sqlite/executions/pauses.ts';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { anExecution, NOON } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

const PAUSE = { app: null, actionId: 'charge-card', since: NOON, by: 'operator:alice', reason: null };
/** More than one claim passes. */
const PAUSED = 4_500;

function openStore(path: string): Store {
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  return store;
}

async function add(store: Store, count: number, overrides: Partial<Submission>, at: (index: number) => number) {
  const all = Array.from({ length: count }, (_, index) => anExecution(overrides, at(index)));
  await store.addAll(
    all.map((execution) => ({ execution, fingerprint: 'print', queueCapacity: 100_000 })),
    false,
  );
}

/** Claims as the dispatcher does, whenever something is due. Returns the claimed actions and the number of claims. */
async function dispatch(store: Store, now: number): Promise<{ actions: string[]; claims: number }> {
  const actions: string[] = [];
  for (let claims = 0; ; claims += 1) {
    const { dispatchAt } = await store.nextDue();
    if (dispatchAt === null || dispatchAt > now) return { actions, claims };
    expect(claims).toBeLessThan(20);
    actions.push(...(await store.claimDispatches(32, now)).map(({ actionId }) => actionId));
  }
}

test.for([
  ['one after the other', (index: number) => NOON + index],
  ['all at the same time', () => NOON],
] as const)('what is behind thousands of paused executions, submitted %s, is found and claimed', async ([, at]) => {
  const path = temporaryDatabase();
  const store = openStore(path);
  await add(store, PAUSED, {}, at);
  await store.pauseSending(PAUSE);
  await add(store, 40, { actionId: 'look-up' }, () => NOON + PAUSED);
  const first = await dispatch(store, NOON + PAUSED);
  expect(first.actions).toEqual(Array(40).fill('look-up'));
  // What was passed is not read again.
  await add(store, 1, { actionId: 'look-up' }, () => NOON + PAUSED + 1);
  expect(await dispatch(store, NOON + PAUSED + 1)).toEqual({ actions: ['look-up'], claims: 1 });
  await add(store, 10, {}, () => NOON + PAUSED + 2);
  expect(await dispatch(store, NOON + PAUSED + 2)).toEqual({ actions: [], claims: 0 });
  expect(await store.sendingPauses()).toMatchObject([{ queued: PAUSED + 10 }]);
  await store.close();

  const reopened = openStore(path);
  expect(await reopened.sendingPauses()).toEqual([{ ...PAUSE, queued: PAUSED + 10 }]);
  expect((await dispatch(reopened, NOON + PAUSED + 2)).actions).toEqual([]);
  await reopened.resumeSending(PAUSE);
  expect((await reopened.claimDispatches(5_000, NOON + PAUSED + 2)).length).toBe(PAUSED + 10);
});

test('a write that failed does not let an execution be passed', async () => {
  const store = openStore(temporaryDatabase());
  await store.pauseSending(PAUSE);
  await add(store, 3, {}, (index) => NOON + index);
  const free = anExecution({ actionId: 'look-up' }, NOON + 1);
  await store.add({ execution: free, fingerprint: 'print', queueCapacity: 10 });
  const unwritable = { type: 'cancelled', by: 10n as never } as const;
  await expect(store.record(free.reference, unwritable, NOON)).rejects.toThrow();
  expect((await dispatch(store, NOON + 5)).actions).toEqual(['look-up']);
});

test('what is paused is passed and counted by the index alone', () => {
  const database = openDatabase(temporaryDatabase());
  onTestFinished(() => database.close());
  const stepsOf = (statement: string) => {
    const holes = Array.from(statement.matchAll(/\?/g), () => null);
    const plan = database.client.prepare(`EXPLAIN QUERY PLAN ${statement}`).all(...holes);
    return (plan as { detail: string }[]).map(({ detail }) => detail);
  };
  const index = 'execution_rows USING COVERING INDEX execution_rows_to_dispatch';
  expect(stepsOf(BEHIND_POSITION)).toEqual([
    `SEARCH ${index} (app=? AND priority=? AND (dispatch_at,action_id)>(?,?))`,
  ]);
  expect(stepsOf(QUEUED_OF_ACTION)).toEqual([`SCAN ${index}`]);
});

test('the view of open executions states which ones wait for a resume', async () => {
  const path = temporaryDatabase();
  const store = openStore(path);
  await add(store, 1, { correlationId: 'paused' }, () => NOON);
  await add(store, 1, { correlationId: 'free', actionId: 'look-up' }, () => NOON);
  await store.pauseSending(PAUSE);
  const reader = new Database(path, { readonly: true });
  const steps = reader.prepare('SELECT correlation_id, next_step FROM unresolved ORDER BY correlation_id').raw().all();
  reader.close();
  expect(steps).toEqual([
    ['free', 'send to CXone'],
    ['paused', 'send to CXone once sending is resumed'],
  ]);
});
