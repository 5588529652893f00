// What SQLite adds to the outbox: one transaction with the outcome, look-ups along indexes, and a trail that shows what was tampered with.

import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../../src/lib/world.ts';
import { notificationIds } from '../../../../src/notification/outgoing.ts';
import type { Store } from '../../../../src/store/port.ts';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { prepareOutboxStatements } from '../../../../src/store/sqlite/outbox/statements.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../../src/store/sqlite/verify/verify.ts';
import { anExecution, callback, completed, NOON } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

const DELIVERED = { type: 'delivered', httpStatus: 200, latencyMs: 5 } as const;
const GONE = { type: 'gone', httpStatus: 410, latencyMs: 5, message: 'answered 410' } as const;

interface Opened {
  readonly store: Store;
  readonly sql: Database.Database;
}

function openStore(): Opened {
  const path = temporaryDatabase();
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  const sql = new Database(path);
  onTestFinished(async () => {
    sql.close();
    await store.close();
  });
  return { store, sql };
}

async function add(store: Store, notifyUrl = 'https://shop.example/hooks') {
  const execution = anExecution({ notifyUrl });
  await store.add({ execution, fingerprint: 'print', queueCapacity: 100_000 });
  return execution;
}

test('a page of notifications ends after its time, and continues where it ended', async () => {
  const { store } = openStore();
  for (let i = 0; i < 3; i += 1) await ended(store);
  const query = { app: null, limit: 10, status: 'DEAD' } as const;
  const page = await store.listNotifications({ ...query, scanMs: 0 });
  expect([page.items, page.next]).toEqual([[], expect.any(Number)]);
  expect(await store.listNotifications({ ...query, before: page.next ?? 0 })).toEqual({ items: [], next: null });
});

async function ended(store: Store): Promise<string> {
  const { reference } = await add(store);
  await store.record(reference, callback(completed()), NOON);
  return notificationIds(reference)[0];
}

describe('one transaction', () => {
  test('an outcome whose notification cannot be written is not written either, and is taken when it can', async () => {
    const { store, sql } = openStore();
    const { reference, correlationId } = await add(store);
    sql.exec(`CREATE TRIGGER refuse BEFORE INSERT ON notifications BEGIN SELECT RAISE(ABORT, 'refused'); END`);
    await expect(store.record(reference, callback(completed()), NOON)).rejects.toThrow('refused');
    expect(await store.find(correlationId)).toMatchObject({ status: 'QUEUED', resolvedAt: null });
    expect(await store.trail(correlationId)).toHaveLength(1);
    sql.exec('DROP TRIGGER refuse');
    expect(await store.record(reference, callback(completed()), NOON)).toMatchObject({ outcome: 'resolved' });
    expect(sql.prepare('SELECT count(*) FROM notifications').pluck().get()).toBe(1);
    expect(verifyAudit(sql).findings).toEqual([]);
  });

  test('a notification whose outcome cannot be written is not there', async () => {
    const { store, sql } = openStore();
    const { reference } = await add(store);
    sql.exec(`CREATE TRIGGER refuse BEFORE INSERT ON audit_rows BEGIN SELECT RAISE(ABORT, 'refused'); END`);
    await expect(store.record(reference, callback(completed()), NOON)).rejects.toThrow('refused');
    expect(sql.prepare('SELECT count(*) FROM notifications').pluck().get()).toBe(0);
  });

  test('a watcher that learns of an outcome can already read its notification', async () => {
    const { store, sql } = openStore();
    const seen: unknown[] = [];
    const count = sql.prepare("SELECT count(*) FROM notifications WHERE status = 'PENDING'").pluck();
    store.watch(() => seen.push(count.get()));
    await ended(store);
    expect(seen).toEqual([0, 1]);
  });
});

describe('however many there are', () => {
  test('lanes, claims and dead letters are found along their indexes', () => {
    const database = openDatabase(temporaryDatabase());
    const { lanes, due, overdue, ofExecution } = prepareOutboxStatements(database.client);
    const plan = (statement: string) => {
      const named = statement.replaceAll(/\?|@\w+/g, "'x'");
      const steps = database.client.prepare(`EXPLAIN QUERY PLAN ${named}`).all() as { detail: string }[];
      return steps.map(({ detail }) => detail).join('\n');
    };
    const plans = [lanes, due, overdue].map(({ source }) => plan(source));
    for (const steps of plans) {
      expect(steps).toMatch(/USING (COVERING )?INDEX notifications_to_send/);
      expect(steps).not.toMatch(/SCAN notifications$|USE TEMP B-TREE/m);
    }
    expect(plans[0]).toContain('notifications_to_send (app=? AND origin>?)');
    expect(plans[0]).toContain('notifications_to_send (app>?)');
    expect(plan(ofExecution.source)).toContain('USING INDEX notifications_id_unique');
    const dead =
      "SELECT * FROM notifications WHERE app = ? AND status = 'DEAD' AND sequence < ? ORDER BY sequence DESC";
    expect(plan(dead)).toContain('USING INDEX notifications_dead (app=? AND sequence<?)');
    database.close();
  });

  test('a list or a replay scans all of them in slices and finds the one', async () => {
    const { store, sql } = openStore();
    const first = await ended(store);
    await store.recordDelivery(first, GONE, NOON + 1);
    const [row] = sql.prepare('SELECT * FROM notifications').all() as Record<string, unknown>[];
    const columns = Object.keys(row ?? {});
    const insert = sql.prepare(`INSERT INTO notifications (${columns}) VALUES (${columns.map((name) => `@${name}`)})`);
    const many = { ...row, status: 'DELIVERED', due_at: null };
    sql.transaction(() => {
      for (let i = 2; i < 12_000; i += 1) {
        const created_at = new Date(NOON + i * 60_000).toISOString();
        insert.run({ ...many, sequence: i, id: `msg_${i}`, created_at });
      }
    })();
    const query = { app: null, limit: 5 } as const;
    const found = async (filter: object) =>
      (await store.listNotifications({ ...query, ...filter })).items.map(({ id }) => id);
    expect(await found({ to: NOON + 60_000 })).toEqual([first]);
    expect(await found({ status: 'DEAD' })).toEqual([first]);
    expect(await found({ from: NOON + 11_998 * 60_000 })).toEqual(['msg_11999', 'msg_11998']);
    expect(await found({ type: 'execution.late_result' })).toEqual([]);
    const steps: number[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const step = await store.replayNotifications(
        { app: 'shop', status: 'DEAD' },
        { after, limit: 100, by: 'operator:alice', now: NOON },
      );
      steps.push(step.replayed);
      after = step.next;
    }
    expect(steps).toEqual([1, 0, 0]);
    const early = { app: 'shop', status: 'DELIVERED', to: NOON + 4 * 60_000 } as const;
    expect(await store.replayNotifications(early, { after: 0, limit: 1, by: 'operator:alice', now: NOON })).toEqual({
      replayed: 1,
      next: 2,
    });
    expect(await store.replayNotifications(early, { after: 2, limit: 100, by: 'operator:alice', now: NOON })).toEqual({
      replayed: 1,
      next: null,
    });
    expect(await found({ status: 'PENDING' })).toContain(first);
  });
});

describe('the trail', () => {
  async function toldOne(): Promise<Opened & { id: string }> {
    const opened = openStore();
    const id = await ended(opened.store);
    await opened.store.recordDelivery(id, { ...GONE, type: 'failed', retryAt: NOON + 9 }, NOON + 1);
    await opened.store.recordDelivery(id, GONE, NOON + 9);
    await opened.store.recordDelivery(id, { type: 'replayed', by: 'operator:alice' }, NOON + 10);
    await opened.store.recordDelivery(id, DELIVERED, NOON + 11);
    await opened.store.recordDelivery(id, GONE, NOON + 12);
    await ended(opened.store);
    expect(verifyAudit(opened.sql).findings).toEqual([]);
    return { ...opened, id };
  }

  test.for<[string, string, string]>([
    ['deleted', 'DELETE FROM notifications WHERE id = ?', 'has a trail and no row'],
    ['called pending', "UPDATE notifications SET status = 'PENDING' WHERE id = ?", 'status of notification'],
    [
      'called dead',
      "UPDATE notifications SET status = 'DEAD' WHERE id = ?",
      'is DEAD, but DELIVERED in entry 6 of its trail',
    ],
    ['given to another app', "UPDATE notifications SET app = 'crm' WHERE id = ?", 'app of notification'],
  ])('shows a notification that was %s by hand', async ([, statement, message]) => {
    const { sql, id } = await toldOne();
    sql.prepare(statement).run(id);
    const { findings } = verifyAudit(sql);
    expect(findings[0]).toMatchObject({ kind: 'row', message: expect.stringContaining(message) });
    for (const finding of findings) expect(finding.message).toContain(id);
  });

  test('shows one that was called delivered before anybody tried', async () => {
    const { store, sql } = openStore();
    const id = await ended(store);
    sql.prepare("UPDATE notifications SET status = 'DELIVERED', due_at = NULL WHERE id = ?").run(id);
    expect(verifyAudit(sql).findings).toMatchObject([{ entry: 2, message: expect.stringContaining('but PENDING in') }]);
  });

  test('the late result of an execution that ended before notifications existed is notified as well', async () => {
    const { store, sql } = openStore();
    const { reference } = await add(store);
    sql.exec('CREATE TRIGGER older BEFORE INSERT ON notifications BEGIN SELECT RAISE(IGNORE); END');
    await store.record(reference, { type: 'cancelled', by: 'app:shop' }, NOON);
    sql.exec('DROP TRIGGER older');
    await store.record(reference, callback(completed()), NOON + 1);
    const late = notificationIds(reference)[1];
    expect(await store.findNotification(late)).toMatchObject({ status: 'PENDING', dueAt: NOON + 1 });
  });
});
