// A claim that was asked for by the clock before a step claims nothing once due times have moved with the step, and what is written has the
// new clock.

import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { ExecutionEvent } from '../../../../src/execution/event.ts';
import { systemWorld } from '../../../../src/lib/world.ts';
import type { Store } from '../../../../src/store/port.ts';
import { createClaims } from '../../../../src/store/sqlite/executions/claims.ts';
import { newestTime } from '../../../../src/store/sqlite/executions/clock-times.ts';
import { type Mutation, unchanged, type Writer } from '../../../../src/store/sqlite/group-commit.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { anExecution, NOON, submitted } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';
import { incidentsAcross } from '../../incidents-across-a-step.ts';

const HOUR_MS = 3_600_000;
const BACK = { from: NOON + HOUR_MS, to: NOON };

function openStore() {
  const store = createSqliteStore({
    ...{ path: temporaryDatabase(), world: systemWorld, log: quietLog() },
    fatal,
  });
  onTestFinished(() => store.close());
  return store;
}

test('in the commit of the step, and of any kind', async () => {
  const store = openStore();
  const queued = anExecution({}, NOON);
  const running = anExecution({}, NOON);
  for (const execution of [queued, running]) await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  await store.record(running.reference, { type: 'dispatched' }, NOON);
  await store.record(running.reference, submitted({ executionId: '1' }), NOON);
  const late = NOON + 100 * HOUR_MS;
  const moved = store.moveDueTimes(BACK);
  const claims = [store.expire(10, late), store.claimDispatches(10, late), store.claimPolls(10, late, late + 30_000)];
  await moved;
  expect(await Promise.all(claims)).toEqual([0, [], []]);
  const { pollAt } = await store.nextDue();
  expect(pollAt).toBeLessThan(NOON);
  expect(await store.claimPolls(10, NOON, NOON + 30_000)).toHaveLength(1);
  expect(await store.expire(10, late)).toBe(1);
});

/** A writer whose mutations run, and settle, when the test wants it. */
function heldWriter() {
  const waiting: (() => { commit(): void; fail(error: Error): void })[] = [];
  const mutate = (work: () => Mutation<unknown, never>) =>
    new Promise<unknown>((resolve, fail) => {
      waiting.push(() => {
        const { value } = work();
        return { commit: () => resolve(value), fail };
      });
    });
  /** Runs the mutation that has waited longest. */
  const run = () => {
    const [next] = waiting.splice(0, 1);
    if (next === undefined) throw new Error('no mutation waits');
    return next();
  };
  return { writer: { mutate } as Pick<Writer<never>, 'mutate'>, run };
}

test('between the step and the moment in which the clock follows', async () => {
  const { writer, run } = heldWriter();
  const { claim, step } = createClaims(writer);
  const ask = () => claim('none', () => unchanged('claimed'));
  let isFollowed = false;
  const begun = () => {
    isFollowed = true;
  };
  const stepped = step(-HOUR_MS, () => {}, begun);
  const moved = run();
  const beside = ask();
  run().commit();
  expect([await beside, isFollowed]).toEqual(['none', false]);
  const waiting = ask();
  moved.commit();
  await stepped;
  expect(isFollowed).toBe(true);
  const next = ask();
  run().commit();
  run().commit();
  expect([await waiting, await next]).toEqual(['none', 'claimed']);
});

test('but not after a step that fails', async () => {
  const { writer, run } = heldWriter();
  const { claim, step } = createClaims(writer);
  const begun = () => {
    throw new Error('the clock must not follow');
  };
  const stepped = step(-HOUR_MS, () => {}, begun);
  run().fail(new Error('the disk is full'));
  await expect(stepped).rejects.toThrow('the disk is full');
  const next = claim('none', () => unchanged('claimed'));
  run().commit();
  expect(await next).toBe('claimed');
});

/** Of an attempt whose response arrives by the clock before the step. */
const UNSENT: ExecutionEvent = {
  ...{ type: 'unsent', httpStatus: 503, latencyMs: 5, message: 'not now' },
  ...{ retryAt: BACK.from + 1_000, giveUpAt: BACK.from + 300_000 },
};

async function dispatched(store: Store): Promise<string> {
  const execution = anExecution({}, BACK.from);
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  await store.record(execution.reference, { type: 'dispatched' }, BACK.from);
  return execution.reference;
}

test('what is written in the commit of the step has the times of the new clock', async () => {
  const store = openStore();
  const reference = await dispatched(store);
  const [one, other] = [anExecution({}, BACK.from), anExecution({}, BACK.from)];
  const more = { fingerprint: 'print', queueCapacity: 10 };
  const moved = store.moveDueTimes(BACK);
  const written = [
    store.record(reference, UNSENT, BACK.from),
    store.add({ execution: one, ...more }),
    store.addAll([{ execution: other, ...more }], false),
  ];
  await Promise.all([moved, ...written]);
  expect(await store.findByReference(reference)).toMatchObject({
    dispatchAt: BACK.to + 1_000,
    expireAt: BACK.to + 300_000,
  });
  for (const added of [one, other]) {
    expect(await store.findByReference(added.reference)).toMatchObject({
      ...{ submittedAt: BACK.to, dispatchAt: BACK.to, expireAt: BACK.to + 300_000 },
    });
  }
});

test('what is written before the step moves with it once, also when another write of the commit fails', async () => {
  const store = openStore();
  const reference = await dispatched(store);
  const unfit = { ...anExecution({}, BACK.from), actionId: null as unknown as string };
  const recorded = store.record(reference, UNSENT, BACK.from);
  const moved = store.moveDueTimes(BACK);
  await expect(store.add({ execution: unfit, fingerprint: 'print', queueCapacity: 10 })).rejects.toThrow();
  await Promise.all([recorded, moved]);
  expect(await store.findByReference(reference)).toMatchObject({ dispatchAt: BACK.to + 1_000 });
});

test('what is written of incidents in the commit of the step is announced by the new clock', async () => {
  const store = openStore();
  const { write, expectNewClock } = await incidentsAcross(store, BACK);
  await Promise.all([store.moveDueTimes(BACK), write()]);
  await expectNewClock();
});

test('a heartbeat in the commit of the step notes the new clock, so that the next start sees no other step', async () => {
  const store = openStore();
  const moved = store.moveDueTimes(BACK);
  await Promise.all([moved, store.ping(BACK.from + 5)]);
  const reader = new Database(store.databasePath, { readonly: true });
  onTestFinished(() => void reader.close());
  expect(newestTime(reader)).toBe(BACK.to + 5);
});
