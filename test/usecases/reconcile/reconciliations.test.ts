// Reconciliation: CXone is polled once more for executions without a result, results are kept, and no other work waits.

import { expect, test } from 'vitest';
import type { PollResponse } from '../../../src/cxone/port.ts';
import type { Execution } from '../../../src/execution/execution.ts';
import { NO_TRACING } from '../../../src/observability/tracing/tracing.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import { createReconciliations } from '../../../src/usecases/reconcile/reconciliations.ts';
import { failed, notFound } from '../../support/executions.ts';
import { createFakeCxone, FOUND, STILL_RUNNING } from '../../support/fake-cxone.ts';
import { fatal } from '../../support/fatal.ts';
import { type Life, live } from '../../support/lives.ts';
import { createManualWorld, START } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryDatabase } from '../../support/temporary-database.ts';

const HOUR = 3_600_000;
const DAY = { from: START - HOUR, to: START + HOUR };
const { type: _type, ...NOT_FOUND } = notFound();
const GONE: PollResponse = { ...NOT_FOUND, type: 'not-found' };
const UNREACHABLE: PollResponse = {
  type: 'failed',
  httpStatus: 0,
  latencyMs: 5,
  message: 'CXone cannot be reached',
  asked: false,
  retryAfterMs: 0,
};

function setUp() {
  const world = createManualWorld(1, START + 2 * HOUR);
  const log = quietLog();
  const store = createSqliteStore({ path: temporaryDatabase(), world, log, fatal });
  const cxone = createFakeCxone();
  const create = () => createReconciliations({ store, cxone, world, log, tracing: NO_TRACING, pollIntervalMs: 2_000 });
  const reconciliations = create();
  const lived = (life: Life, correlationId: string, at = START) => live(store, life, at, { correlationId });
  const run = async (request = DAY, on = reconciliations) => {
    const started = on.start(request, 'operator:alice');
    if (started.outcome !== 'started') throw new Error(`it is ${started.outcome}`);
    const { id } = started.reconciliation;
    while (on.find(id)?.status === 'RUNNING') await world.settle();
    const report = on.find(id);
    if (report === undefined) throw new Error('there is no report');
    return report;
  };
  return { world, store, cxone, create, reconciliations, lived, run };
}

/** The response of CXone to each poll. */
function answers(of: Readonly<Record<string, PollResponse>>) {
  return async ({ correlationId }: Execution) => of[correlationId] ?? STILL_RUNNING;
}

test('a result that CXone now has is kept with the timeout, its app is notified, and the report names it', async () => {
  const { store, cxone, run } = setUp();
  await live(store, 'timeout', START, { correlationId: 'order-1', notifyUrl: 'https://hooks.example/' });
  cxone.onPoll = async () => FOUND;
  const { id, counts, differs, progress, status } = await run();
  expect({ status, progress, counts }).toMatchObject({
    status: 'ENDED',
    progress: 1,
    counts: { asked: 1, late: 1, same: 0, failed: 0 },
  });
  expect(differs).toEqual([{ correlationId: 'order-1', status: 'TIMEOUT', finding: 'late', found: 'COMPLETED' }]);
  const kept = await store.find('order-1');
  expect(kept).toMatchObject({ status: 'TIMEOUT', lateResult: { status: 'COMPLETED', result: 'found', via: 'poll' } });
  const entry = (await store.trail('order-1')).at(-1);
  expect(entry).toMatchObject({
    event: 'POLL_COMPLETED',
    detail: { outcome: 'late', reconciliation: id, by: 'operator:alice' },
  });
  const { items } = await store.listNotifications({ app: null, limit: 10 });
  expect(items.map(({ type }) => type)).toContain('execution.late_result');
  await store.close();
});

test('every execution in doubt is polled, and no other', async () => {
  const { store, cxone, run, lived } = setUp();
  for (const life of [
    'timeout',
    'not-found',
    'cancelled',
    'callback',
    'poll',
    'late',
    'refused',
    'pending',
    'queued',
  ] as const) {
    await lived(life, life);
  }
  await lived('nameless', 'nameless');
  await lived('timeout', 'before', START - 2 * HOUR);
  await lived('timeout', 'after', START + HOUR);
  const { counts } = await run();
  expect(cxone.polls.map(({ correlationId }) => correlationId).sort()).toEqual(['cancelled', 'not-found', 'timeout']);
  expect(counts).toMatchObject({ asked: 3, unaskable: 1 });
  await store.close();
});

test('the report separates the responses of CXone', async () => {
  const { store, cxone, run, lived } = setUp();
  for (const [life, id] of [
    ['timeout', 'found'],
    ['timeout', 'failed'],
    ['timeout', 'running'],
    ['timeout', 'gone'],
    ['not-found', 'still-gone'],
    ['cancelled', 'unreachable'],
  ] as const) {
    await lived(life, id);
  }
  cxone.onPoll = answers({
    found: FOUND,
    failed: { ...FOUND, report: failed() } as PollResponse,
    gone: GONE,
    'still-gone': GONE,
    unreachable: UNREACHABLE,
  });
  const { counts, differs } = await run();
  expect(counts).toEqual({
    asked: 6,
    same: 1,
    late: 2,
    resolved: 0,
    conflict: 0,
    running: 1,
    gone: 1,
    failed: 1,
    unaskable: 0,
  });
  expect(
    Object.fromEntries(differs.map(({ correlationId, finding, found }) => [correlationId, `${finding} ${found}`])),
  ).toEqual({
    found: 'late COMPLETED',
    failed: 'late FAILED',
    running: 'running null',
    gone: 'gone null',
  });
  for (const id of ['found', 'gone', 'running']) expect((await store.find(id))?.status).toBe('TIMEOUT');
  await store.close();
});

test('an open execution whose executionId comes from a hint gets its outcome', async () => {
  const { store, cxone, run } = setUp();
  const { reference } = await live(store, 'queued', START, { correlationId: 'one' });
  await store.record(reference, { type: 'dispatched' }, START);
  const hint = {
    type: 'unverified-callback',
    executionId: 'cx-9',
    report: { kind: 'progress', statusWord: 'X', result: null, error: null },
  } as const;
  await store.record(reference, hint, START + 10);
  cxone.onPoll = async () => FOUND;
  expect((await run()).differs).toEqual([
    { correlationId: 'one', status: 'UNCONFIRMED', finding: 'resolved', found: 'COMPLETED' },
  ]);
  expect(await store.find('one')).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll' });
  await store.close();
});

test('a second reconciliation finds only the remaining executions', async () => {
  const { store, cxone, run, lived } = setUp();
  await lived('timeout', 'found');
  await lived('timeout', 'gone');
  cxone.onPoll = answers({ found: FOUND, gone: GONE });
  expect((await run()).counts).toMatchObject({ asked: 2, late: 1, gone: 1 });
  expect((await run()).counts).toMatchObject({ asked: 1, late: 0, gone: 1 });
  await store.close();
});

test('one reconciliation runs at a time', async () => {
  const { store, cxone, reconciliations, lived, world } = setUp();
  await lived('timeout', 'one');
  cxone.limit = 0;
  const first = reconciliations.start(DAY, 'operator:alice');
  await world.settle();
  const second = reconciliations.start(DAY, 'operator:bob');
  expect([first.outcome, second.outcome]).toEqual(['started', 'running']);
  expect('reconciliation' in second && second.reconciliation.by).toBe('operator:alice');
  await reconciliations.stop();
  await store.close();
});

test('stopping the receiver ends it with all its polls recorded, and it can be started again', async () => {
  const { store, cxone, create, reconciliations, lived, run } = setUp();
  for (const id of ['1', '2', '3', '4', '5', '6', '7', '8']) await lived('timeout', id);
  cxone.onPoll = async () => {
    if (cxone.polls.length === 4) void reconciliations.stop();
    return FOUND;
  };
  const stopped = await run();
  expect(stopped).toMatchObject({ status: 'STOPPED', counts: { asked: 4, late: 4 } });
  expect(stopped.reason).toContain('start it again');
  expect(reconciliations.start(DAY, 'operator:alice')).toEqual({ outcome: 'stopping' });
  expect(cxone.permitsOut).toBe(0);
  expect((await run(DAY, create())).counts).toMatchObject({ asked: 4, late: 4 });
  await store.close();
});

test('while CXone is unreachable it gives up soon, instead of failing for each execution', async () => {
  const { store, cxone, run, lived } = setUp();
  await Promise.all(Array.from({ length: 40 }, (_, i) => lived('timeout', `order-${i}`)));
  cxone.onPoll = async () => UNREACHABLE;
  const { status, reason, counts } = await run();
  expect(status).toBe('STOPPED');
  expect(reason).toMatch(/^\d+ polls failed in a row$/);
  expect(counts.failed).toBeLessThan(15);
  await store.close();
});

test.each([
  ['that CXone answers with 403', { ...UNREACHABLE, httpStatus: 403, asked: true }],
  ['that CXone answers with 200 without a status', { ...UNREACHABLE, httpStatus: 200, asked: true }],
  ['that CXone answers with another executionId', { ...FOUND, namedExecutionId: 'cx-another' }],
  ['without a poll address', { ...UNREACHABLE, isolated: true }],
] as const)('executions %s stop it no more than others', async (_, answer: PollResponse) => {
  const { store, cxone, run, lived } = setUp();
  for (let i = 0; i < 20; i += 1) await lived('timeout', `wrong-${i}`);
  await lived('timeout', 'right', START + 1000);
  cxone.onPoll = async ({ correlationId }) => (correlationId === 'right' ? FOUND : answer);
  const { status, counts } = await run();
  expect([status, counts.failed, counts.late]).toEqual(['ENDED', 20, 1]);
  await store.close();
});

test('of many differences the report names the first thousand, and the audit trail all', async () => {
  const { store, cxone, run, lived } = setUp();
  await Promise.all(Array.from({ length: 1_100 }, (_, i) => lived('timeout', `order-${i}`)));
  cxone.onPoll = async () => FOUND;
  const { counts, differs } = await run();
  expect([counts.late, differs.length]).toEqual([1_100, 1_000]);
  await store.close();
});
