// Erasure on the file itself: nothing of the content is left in any file, the trail still proves what remains, and holds win.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ExecutionEvent } from '../../../../src/execution/event.ts';
import { systemWorld } from '../../../../src/lib/world.ts';
import { openReadOnly } from '../../../../src/store/sqlite/file/open-readonly.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../../src/store/sqlite/verify/verify.ts';
import { anExecution, callback, completed, failed, NOON, RUNNING, submitted } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';
import { dropGuards, makeViewsWritable } from '../../../support/writable-views.ts';

const DAY_MS = 86_400_000;
const LATER = NOON + 10 * DAY_MS;
const ORDER = { by: 'operator:alice', reason: 'Art. 17 GDPR, request 4711' };
/** In everything that an app, CXone or an endpoint writes below. */
const SECRET = 'Lovelace';
/** What a response to a submission leaves in the row besides the payload. */
const QUOTES = {
  ...{ pollUrl: `https://cx.example/${SECRET}`, unusablePollUrl: `a ${SECRET}`, cut: `after ${SECRET}` },
  cookies: JSON.stringify([{ name: 'route', value: SECRET }]),
};
const UNLISTED = { ...RUNNING, statusWord: SECRET, isUnknownWord: true } as const;

type SqliteStore = ReturnType<typeof createSqliteStore>;

function open(path = temporaryDatabase()) {
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  const sql = new Database(path);
  onTestFinished(async () => {
    sql.close();
    await store.close();
  });
  return { store, sql, path };
}

const content = (more: object = {}) => ({ who: SECRET, ...more });

async function accepted(store: SqliteStore, overrides = {}) {
  const execution = anExecution({
    ...{ inputs: content(), context: content(), notifyUrl: 'https://hooks.example/x' },
    ...overrides,
  });
  await store.add({ execution, fingerprint: 'print', queueCapacity: 1e6 });
  return execution;
}

/** Everything that can hold content: stored bodies, conflicts, errors, deliveries, and a result over many pages. */
async function rich(store: SqliteStore) {
  const execution = await accepted(store);
  const { reference } = execution;
  await store.claimDispatches(1, NOON);
  await store.record(reference, submitted({ executionId: 'cx-1', ...QUOTES }), NOON);
  await store.record(reference, callback(UNLISTED), NOON);
  const body = { bytes: Buffer.from(`{"half": "${SECRET}`), contentType: 'text/odd', contentEncoding: SECRET };
  await store.record(reference, { type: 'callback-unreadable', reason: `no JSON: ${SECRET}`, body }, NOON);
  await store.record(reference, callback(completed(content({ pages: `${SECRET} `.repeat(2_000) }))), NOON);
  await store.record(reference, callback(failed(content())), NOON + 1);
  const [lane] = await store.lanes();
  await store.claimNotifications(
    lane ?? { app: '', origin: '' },
    { limit: 1, probe: false },
    NOON + DAY_MS / 10,
    NOON + DAY_MS,
  );
  const message = `responded 500: ${SECRET}`;
  const failure = { type: 'failed', httpStatus: 500, latencyMs: 3, message, retryAt: NOON + 60_000 } as const;
  const { items } = await store.listNotifications({ app: null, limit: 1 });
  await store.recordDelivery(items[0]?.id ?? '', failure, NOON + 2);
  return execution;
}

function findingsIn(path: string): string[] {
  const client = openReadOnly(path);
  try {
    return verifyAudit(client).findings.map(({ message }) => message);
  } finally {
    client.close();
  }
}

/** The files of the database in which the text is found, byte for byte. */
function filesWith(path: string, text: string): string[] {
  return readdirSync(dirname(path)).filter((name) => readFileSync(join(dirname(path), name)).includes(text));
}

describe('an erased execution', () => {
  test('leaves nothing of its content in the file or the WAL, and the trail verifies', async () => {
    const { store, sql, path } = open();
    const { reference, correlationId } = await rich(store);
    expect(filesWith(path, SECRET)).not.toEqual([]);
    const before = sql.prepare('SELECT id, hash FROM audit_events ORDER BY id').all();
    expect(await store.erase(reference, ORDER, LATER)).toMatchObject({ outcome: 'erased' });
    expect(await store.emptyWal()).toBe(true);
    expect(filesWith(path, SECRET)).toEqual([]);
    expect(findingsIn(path)).toEqual([]);
    expect(sql.prepare('SELECT id, hash FROM audit_events ORDER BY id').all().slice(0, before.length)).toEqual(before);
    expect(await store.find(correlationId)).toMatchObject({ status: 'COMPLETED', result: null, erasedAt: LATER });
    expect((await store.payloads(correlationId))?.bodies).toEqual([]);
  });

  test('has an entry with who erased it and why, behind the end of its notification', async () => {
    const { store } = open();
    const { reference, correlationId } = await rich(store);
    await store.erase(reference, ORDER, LATER);
    const trail = await store.trail(correlationId);
    expect(trail.slice(-2)).toMatchObject([
      { event: 'NOTIFICATION_DEAD', detail: { message: 'the content of the execution was erased' } },
      { event: 'ERASED', detail: { ...ORDER, entries: expect.anything() } },
    ]);
    const conflict = trail.find(({ event }) => event === 'CALLBACK_CONFLICT');
    expect(conflict?.detail).toEqual({ word: 'FAILED', outcome: 'conflict', status: 'FAILED', erased: true });
    expect(await store.undelivered()).toEqual({ pending: 0, dead: 1 });
    const { items } = await store.listNotifications({ app: null, limit: 1 });
    expect(await store.recordDelivery(items[0]?.id ?? '', { type: 'replayed', by: 'app:shop' }, LATER)).toMatchObject({
      outcome: 'pruned',
    });
  });

  test('is erased once: a second order changes nothing', async () => {
    const { store } = open();
    const { reference, correlationId } = await rich(store);
    await store.erase(reference, ORDER, LATER);
    const entries = (await store.trail(correlationId)).length;
    expect(await store.erase(reference, ORDER, LATER)).toMatchObject({ outcome: 'already-erased' });
    expect(await store.trail(correlationId)).toHaveLength(entries);
  });

  test('stays erased when reports arrive later: they are recorded and compared, without content', async () => {
    const { store, path } = open();
    const { reference, correlationId } = await accepted(store);
    await store.claimDispatches(1, NOON);
    await store.record(reference, { type: 'cancelled', by: 'app:shop' }, NOON);
    await store.erase(reference, ORDER, NOON + 1);
    const doubtful = await store.doubtful({ from: NOON - DAY_MS, to: LATER });
    expect(doubtful.items).toEqual([]);
    const late = callback(completed(content()));
    expect(await store.record(reference, late, LATER)).toMatchObject({ outcome: 'late' });
    expect(await store.record(reference, late, LATER)).toMatchObject({ outcome: 'duplicate' });
    expect(await store.record(reference, callback(failed(content())), LATER)).toMatchObject({ outcome: 'conflict' });
    const body = { bytes: Buffer.from(SECRET), contentType: null };
    await store.record(reference, { type: 'callback-unreadable', reason: SECRET, body }, LATER);
    expect(await store.find(correlationId)).toMatchObject({ lateResult: { status: 'COMPLETED', result: null } });
    const { items } = await store.listNotifications({ app: null, limit: 10 });
    expect(items.map(({ type, status }) => [type, status])).toEqual([['execution.cancelled', 'DEAD']]);
    await store.emptyWal();
    expect(filesWith(path, SECRET)).toEqual([]);
    expect(findingsIn(path)).toEqual([]);
  });

  test('answers a repeated submission as before: it is not accepted twice', async () => {
    const { store } = open();
    const execution = await accepted(store, { idempotencyKey: 'k' });
    await store.record(execution.reference, { type: 'cancelled', by: 'app:shop' }, NOON);
    await store.erase(execution.reference, ORDER, LATER);
    const again = (fingerprint: string) =>
      store.add({
        execution: { ...anExecution({ idempotencyKey: 'k' }), correlationId: execution.correlationId },
        fingerprint,
        queueCapacity: 10,
      });
    expect(await again('print')).toMatchObject({ outcome: 'replayed', execution: { erasedAt: LATER } });
    expect(await again('another')).toMatchObject({ outcome: 'key-reused' });
  });

  test('keeps its payload for a pending notification until it is erased; the trail verifies when its first entries are pruned', async () => {
    const { store, sql, path } = open();
    const { reference } = await rich(store);
    const batch = await store.prunablePayloads(10, LATER, null);
    expect(batch.references).toEqual([]);
    await store.erase(reference, ORDER, LATER);
    for (let more = 1; more > 0; ) more = (await store.prune(3, LATER + DAY_MS, 5)).entries;
    expect(sql.prepare('SELECT min(id) FROM audit_events').pluck().get()).toBe(6);
    expect(findingsIn(path)).toEqual([]);
  });
});

test('a response that arrives after the erasure leaves no quotes in the row and no status word', async () => {
  const { store, path } = open();
  const { reference, correlationId } = await accepted(store);
  await store.claimDispatches(1, NOON);
  await store.record(reference, { type: 'cancelled', by: 'app:shop' }, NOON);
  await store.erase(reference, ORDER, NOON + 1);
  const response = submitted({ executionId: null, unusableId: `odd: ${SECRET}`, ...QUOTES, report: UNLISTED });
  await store.record(reference, { ...response, quotedToken: true }, LATER);
  const nothing = { executionIdProblem: null, pollUrl: null, cookies: null, unknownWord: null };
  expect(await store.find(correlationId)).toMatchObject({ status: 'CANCELLED', ...nothing });
  expect((await store.trail(correlationId)).at(-1)?.detail).toEqual({
    ...{ callbackTokenReplaced: true, unknownWord: true, erased: true },
  });
  expect(await store.unknownWords()).toEqual([]);
  await store.emptyWal();
  expect(filesWith(path, SECRET)).toEqual([]);
  expect(findingsIn(path)).toEqual([]);
});

test('unknown status words of an erased execution count among the others, unless other executions reported them', async () => {
  const { store } = open();
  const executions = [await accepted(store), await accepted(store)];
  for (const { reference } of executions) {
    await store.record(reference, callback(UNLISTED), NOON);
    await store.record(reference, callback(completed(null)), NOON);
  }
  const words = async () => (await store.unknownWords()).map(({ word, reports }) => [word, reports]);
  expect(await words()).toEqual([[SECRET, 2]]);
  await store.erase(executions[0]?.reference ?? '', ORDER, LATER);
  expect((await words()).sort()).toEqual([
    ['(others)', 1],
    [SECRET, 1],
  ]);
  await store.erase(executions[1]?.reference ?? '', ORDER, LATER);
  expect(await words()).toEqual([['(others)', 2]]);
});

test('an execution that is open is not erased, because content may still arrive', async () => {
  const { store } = open();
  const { reference } = await accepted(store);
  expect(await store.erase(reference, ORDER, LATER)).toMatchObject({ outcome: 'open' });
  expect(await store.erase('unknown', ORDER, LATER)).toBeUndefined();
});

describe('a failed submission that did not end its execution', () => {
  const failure = { httpStatus: 408, latencyMs: 5, message: SECRET };
  const uncertain: ExecutionEvent = { type: 'uncertain', ...failure, retryAt: null, giveUpAt: NOON };

  async function adopted() {
    const opened = open();
    const { reference } = await accepted(opened.store);
    await opened.store.claimDispatches(1, NOON);
    await opened.store.record(reference, uncertain, NOON);
    await opened.store.record(reference, callback(completed()), NOON + 1);
    return { ...opened, reference };
  }

  test('does not end it after its erasure either', async () => {
    const { store, path, reference } = await adopted();
    await store.erase(reference, ORDER, LATER);
    expect(findingsIn(path)).toEqual([]);
  });

  test('does not end it if an earlier version erased its note', async () => {
    const { store, sql, path, reference } = await adopted();
    await store.erase(reference, ORDER, LATER);
    dropGuards(sql);
    sql.exec(`UPDATE audit_events SET detail = '{"erased":true}' WHERE event = 'FAILED'`);
    const entries = findingsIn(path);
    expect(entries).toEqual([expect.stringMatching(/^entry 3 was altered: it claims to be erased/)]);
  });
});

describe('what an intruder could claim', () => {
  async function erasedFile() {
    const opened = open();
    const { reference } = await rich(opened.store);
    await opened.store.erase(reference, ORDER, LATER);
    return opened;
  }

  test('an entry that claims to be erased is found unless the trail erased it', async () => {
    const { store, sql, path } = open();
    await rich(store);
    dropGuards(sql);
    sql.exec(`UPDATE audit_events SET detail = '{"erased":true}' WHERE id = 2`);
    expect(findingsIn(path)[0]).toMatch(/^entry 2 was altered: it claims to be erased/);
  });

  test.for([
    `UPDATE audit_events SET detail = json_set(detail, '$.status', 'COMPLETED') WHERE event = 'CALLBACK_CONFLICT'`,
    `UPDATE audit_events SET http_status = 500 WHERE event = 'CALLBACK_CONFLICT'`,
    `UPDATE audit_events SET hash = lower(hex(randomblob(32))) WHERE event = 'CALLBACK_CONFLICT'`,
  ])('what is left of an erased entry cannot be changed: %s', async (statement) => {
    const { sql, path } = await erasedFile();
    dropGuards(sql);
    sql.exec(statement);
    expect(findingsIn(path)).not.toEqual([]);
  });

  test('entries of other executions, and other columns, cannot be updated at all', async () => {
    const { store, sql } = await erasedFile();
    await accepted(store);
    makeViewsWritable(sql);
    const last = sql.prepare('SELECT max(id) FROM audit_events').pluck().get();
    const update = (set: string, id: unknown) => () => sql.exec(`UPDATE audit_events SET ${set} WHERE id = ${id}`);
    expect(update(`detail = '{"erased":true}'`, last)).toThrow('append-only');
    expect(update(`detail = '{"erased":true}', app = 'x'`, 1)).toThrow('append-only');
    expect(update(`detail = '{}'`, 1)).toThrow('append-only');
  });
});

describe('a held execution', () => {
  test('is not erased and not pruned until it is released, and the trail says who held it and why', async () => {
    const { store } = open();
    const { reference, correlationId } = await accepted(store, { notifyUrl: null });
    await store.record(reference, callback(completed(content())), NOON);
    expect(await store.hold(reference, ORDER, NOON + 1)).toMatchObject({ heldAt: NOON + 1 });
    expect(await store.hold(reference, ORDER, NOON + 2)).toMatchObject({ heldAt: NOON + 1 });
    expect(await store.erase(reference, ORDER, LATER)).toMatchObject({ outcome: 'held' });
    expect((await store.prunablePayloads(10, LATER, null)).references).toEqual([]);
    expect(await store.prune(10, LATER)).toEqual({ entries: 0, executions: 0 });
    expect(await store.release(reference, ORDER, NOON + 3)).toMatchObject({ heldAt: null });
    expect((await store.trail(correlationId)).slice(-2)).toMatchObject([
      { event: 'HELD', detail: ORDER },
      { event: 'RELEASED', detail: ORDER },
    ]);
    expect((await store.prunablePayloads(10, LATER, null)).references).toEqual([reference]);
    expect(await store.erase(reference, ORDER, LATER)).toMatchObject({ outcome: 'erased' });
    expect(await store.prune(10, LATER + DAY_MS)).toMatchObject({ executions: 1 });
  });
});
