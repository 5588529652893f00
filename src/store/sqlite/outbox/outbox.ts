// The outbox on SQLite: a notification is written in the transaction of what it tells, and each attempt leaves its entry.

import type { Database } from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { AuditDraft, AuditEntry } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { isoTime } from '../../../lib/time.ts';
import { applyDelivery, type Delivery, type DeliveryEvent } from '../../../notification/delivery.ts';
import type { Notification } from '../../../notification/notification.ts';
import { notificationFor, notificationIds, scheduleInOrder } from '../../../notification/outgoing.ts';
import type { Outbox } from '../../outbox-port.ts';
import type { Change } from '../../port.ts';
import type { Mutation, Writer } from '../group-commit.ts';
import { createNotificationList } from './list.ts';
import { type NotificationRow, toNotification, toNotificationRow } from './rows.ts';
import { prepareOutboxStatements } from './statements.ts';

/** So many of a lane are looked at for those whose time is over: no index is kept for a lane that gives nothing through. */
const LOOK_FOR_OVER = 1_000;

export interface OutboxTools {
  readonly writer: Pick<Writer<Change>, 'mutate'>;
  /** The execution with this reference, as it stands. */
  readonly execution: (reference: string) => Execution | undefined;
  /** Adds an entry to the trail of an execution. */
  readonly append: (execution: Execution, draft: AuditDraft, now: number) => AuditEntry;
}

export interface SqliteOutbox {
  readonly port: Outbox;
  /** Inside the transaction that changes an execution: writes what its app is to be told of the change, if anything. */
  enqueue(before: Execution, after: Execution, now: number): Notification | null;
}

export function createOutbox(client: Database, orm: BetterSQLite3Database, tools: OutboxTools): SqliteOutbox {
  const sql = prepareOutboxStatements(client, orm);
  const list = createNotificationList(orm);
  const { writer } = tools;

  const ofExecution = (reference: string): Notification[] => {
    const [ended, late] = notificationIds(reference);
    return sql.ofExecution.all({ ended, late }).map(toNotification);
  };

  const save = (notification: Notification): void => void sql.update.run(toNotificationRow(notification));

  function arrived(before: Execution, after: Execution, now: number): Notification | null {
    const fresh = notificationFor(before, after, now);
    if (fresh === null) return null;
    const placed = scheduleInOrder([...ofExecution(after.reference), fresh], now).at(-1) ?? fresh;
    sql.insert.run(toNotificationRow(placed));
    return placed;
  }

  /** The one way in which a notification changes: event, row, the turn of the others of its execution, entry. */
  function apply(before: Notification, event: DeliveryEvent, now: number): Mutation<Delivery | undefined, Change> {
    const execution = tools.execution(before.reference);
    if (execution === undefined) return { value: undefined, changes: [] };
    if (event.type === 'replayed' && sql.isPruned.get(before.reference, before.type) !== undefined) {
      return { value: { notification: before, outcome: 'pruned' }, changes: [] };
    }
    const { notification, outcome, entry } = applyDelivery(before, event, now);
    if (notification !== before) save(notification);
    const found = ofExecution(before.reference);
    const ordered = scheduleInOrder(found, now);
    for (const [index, one] of ordered.entries()) if (one !== found[index]) save(one);
    const notifyAt = ordered.find(({ dueAt }) => dueAt !== null)?.dueAt ?? null;
    const settled = ordered.find(({ id }) => id === notification.id) ?? notification;
    const change: Change = {
      execution,
      outcome: 'notification',
      entry: tools.append(execution, entry, now),
      notifyAt,
    };
    return { value: { notification: settled, outcome }, changes: [change] };
  }

  function applyAll(rows: readonly Omit<NotificationRow, 'sequence'>[], event: DeliveryEvent, now: number) {
    const applied = rows.map((row) => apply(toNotification(row), event, now));
    const deliveries = applied.flatMap(({ value }) => value ?? []);
    return { value: deliveries, changes: applied.flatMap(({ changes }) => changes) };
  }

  function recordDelivery(id: string, event: DeliveryEvent, now: number): Mutation<Delivery | undefined, Change> {
    const row = sql.byId.get({ id });
    return row ? apply(toNotification(row), event, now) : { value: undefined, changes: [] };
  }

  const port: Outbox = {
    lanes: async () => sql.lanes.all().map((lane) => ({ ...lane, dueAt: Date.parse(lane.dueAt) })),

    claimNotifications: ({ app, origin }, limit, now, leaseUntil) =>
      writer.mutate(() => {
        const rows = sql.due.all({ app, origin, now: isoTime(now), limit });
        for (const { id } of rows) sql.lease.run({ id, dueAt: isoTime(leaseUntil) });
        const sendable = rows.flatMap((row) => {
          const execution = tools.execution(row.reference);
          return execution === undefined
            ? []
            : [{ notification: { ...toNotification(row), dueAt: leaseUntil }, execution }];
        });
        return { value: sendable, changes: [] };
      }),

    giveUpNotifications: ({ app, origin }, limit, now, reason) =>
      writer.mutate(() => {
        const rows = sql.over.all({ app, origin, now: isoTime(now), look: LOOK_FOR_OVER, limit });
        const { value, changes } = applyAll(rows, { type: 'given-up', reason }, now);
        return { value: value.length, changes };
      }),

    recordDelivery: (id, event, now) => writer.mutate(() => recordDelivery(id, event, now)),

    undelivered: async () => sql.undelivered.get() ?? { pending: 0, dead: 0 },

    findNotification: async (id) => {
      const row = sql.byId.get({ id });
      return row && toNotification(row);
    },

    listNotifications: (query) => list.page(query),

    replayNotifications: async (filter, after, limit, by, now) => {
      const { ids, next } = list.replayable(filter, after, limit);
      if (ids.length === 0) return { replayed: 0, next };
      const deliveries = await writer.mutate(() => {
        // Read again: an attempt may have ended in between.
        const rows = ids.flatMap((id) => sql.byId.get({ id }) ?? []);
        const stale = rows.filter(({ status }) => status !== 'PENDING');
        return applyAll(stale, { type: 'replayed', by }, now);
      });
      return { replayed: deliveries.filter(({ outcome }) => outcome !== 'pruned').length, next };
    },
  };

  return { port, enqueue: arrived };
}
