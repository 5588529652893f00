// The outbox on SQLite: a notification is written in the transaction of the change that it reports, and each attempt is audited.

import type { Database } from 'better-sqlite3';
import type { AuditDraft, AuditEntry } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { isoTime } from '../../../lib/time.ts';
import { applyDelivery, type Delivery, type DeliveryEvent } from '../../../notification/delivery.ts';
import type { Notification } from '../../../notification/notification.ts';
import { notificationFor, notificationIds, scheduleInOrder } from '../../../notification/outgoing.ts';
import type { ClaimedNotification, Outbox } from '../../outbox-port.ts';
import type { Change } from '../../port.ts';
import { movedEvent } from '../../shared/moved-times.ts';
import type { Claims } from '../executions/claims.ts';
import type { ExecutionRow } from '../executions/execution-row.ts';
import { type Mutation, unchanged, type Writer } from '../group-commit.ts';
import { listNotifications } from './list.ts';
import { type NotificationRow, toNotification, toNotificationRow } from './rows.ts';
import { prepareOutboxStatements } from './statements.ts';

/** Maximum of notifications of a lane that one search for overdue ones reads; no index serves that search. */
const MAX_OVERDUE_SCAN = 1_000;

export interface OutboxTools {
  readonly writer: Pick<Writer<Change>, 'mutate'>;
  readonly claims: Pick<Claims, 'claim' | 'movedSince'>;
  /** Returns the execution with this reference as it is now. */
  readonly stored: (reference: string) => ExecutionRow | undefined;
  /** Appends an entry to the trail of an execution. */
  readonly append: (stored: ExecutionRow, draft: AuditDraft, now: number) => AuditEntry;
}

export type SqliteOutbox = ReturnType<typeof createOutbox>;

// One function because all operations change notifications through the one function that also writes their entries.
export function createOutbox(client: Database, tools: OutboxTools) {
  const sql = prepareOutboxStatements(client);
  const list = listNotifications(client);
  const { writer, claims } = tools;

  const ofExecution = (reference: string): Notification[] => {
    const [ended, late] = notificationIds(reference);
    return sql.ofExecution.all({ ended, late }).map(toNotification);
  };

  const save = (notification: Notification): void => void sql.update.run(toNotificationRow(notification));

  function enqueue(before: Execution, after: Execution, now: number): Notification | null {
    const created = notificationFor(before, after, now);
    if (created === null) return null;
    const scheduled = scheduleInOrder([...ofExecution(after.reference), created], now).at(-1) ?? created;
    sql.insert.run(toNotificationRow(scheduled));
    return scheduled;
  }

  /** The only way in which a notification changes: event, row, schedule of the other notification of its execution, entry. */
  function apply(before: Notification, event: DeliveryEvent, now: number): Mutation<Delivery | undefined, Change> {
    const stored = tools.stored(before.reference);
    if (stored === undefined) return unchanged(undefined);
    if (event.type === 'replayed' && isPruned(stored, before)) {
      return unchanged({ notification: before, outcome: 'pruned' });
    }
    const { notification, outcome, entry } = applyDelivery(before, event, now);
    if (notification !== before) save(notification);
    const found = ofExecution(before.reference);
    const ordered = scheduleInOrder(found, now);
    for (const [index, scheduled] of ordered.entries()) if (scheduled !== found[index]) save(scheduled);
    const notifyAt = ordered.find(({ dueAt }) => dueAt !== null)?.dueAt ?? null;
    const settled = ordered.find(({ id }) => id === notification.id) ?? notification;
    const { execution } = stored;
    const audited = tools.append(stored, entry, now);
    const change: Change = { execution, outcome: 'notification', entry: audited, notifyAt };
    return { value: { notification: settled, outcome }, changes: [change] };
  }

  function applyAll(rows: readonly Omit<NotificationRow, 'sequence'>[], event: DeliveryEvent, now: number) {
    const applied = rows.map((row) => apply(toNotification(row), event, now));
    const deliveries = applied.flatMap(({ value }) => value ?? []);
    return { value: deliveries, changes: applied.flatMap(({ changes }) => changes) };
  }

  function recordDelivery(id: string, event: DeliveryEvent, now: number): Mutation<Delivery | undefined, Change> {
    const row = sql.byId.get({ id });
    return row ? apply(toNotification(row), event, now) : unchanged(undefined);
  }

  const port: Outbox = {
    lanes: async () => sql.lanes.all().map((lane) => ({ ...lane, dueAt: Date.parse(lane.dueAt) })),

    claimNotifications: ({ app, origin }, { limit, probe, newest = 0 }, now, leaseUntil) =>
      claims.claim<ClaimedNotification[]>([], () => {
        const lane = { app, origin, now: isoTime(now) };
        const lease = (rows: readonly NotificationRow[]) => {
          for (const { id } of rows) sql.lease.run({ id, dueAt: isoTime(leaseUntil) });
          return rows;
        };
        // promise: probe-prefers-unrejected
        const oldest = lease((probe ? sql.probe : sql.due).all({ ...lane, limit: limit - newest }));
        // promise: new-notification-passes-a-backlog
        const rows = [...oldest, ...lease(sql.newest.all({ ...lane, limit: newest }))];
        const sendable = rows.flatMap((row) => {
          const stored = tools.stored(row.reference);
          if (stored === undefined) return [];
          return [{ notification: { ...toNotification(row), dueAt: leaseUntil }, execution: stored.execution }];
        });
        return unchanged(sendable);
      }),

    giveUpNotifications: ({ app, origin }, { limit, untried, reason }, now) =>
      claims.claim(0, () => {
        const minAttempts = untried ? 0 : 1;
        const rows = sql.overdue.all({ app, origin, now: isoTime(now), scan: MAX_OVERDUE_SCAN, minAttempts, limit });
        const { value, changes } = applyAll(rows, { type: 'given-up', reason }, now);
        return { value: value.length, changes };
      }),

    recordDelivery: (id, event, now) => {
      const movedMs = claims.movedSince();
      return writer.mutate(() => recordDelivery(id, movedEvent(event, movedMs()), now + movedMs()));
    },

    undelivered: async () => sql.undelivered.get() ?? { pending: 0, dead: 0 },

    waitingIn: async ({ app, origin }, limit) => sql.waitingIn.get(app, origin, limit) ?? 0,

    findNotification: async (id) => {
      const row = sql.byId.get({ id });
      return row && toNotification(row);
    },

    listNotifications: (query) => list.page(query),
    countNotifications: (query, signal) => list.count(query, signal),

    replayNotifications: async (filter, { after, limit, by, now }) => {
      const movedMs = claims.movedSince();
      const { found, next } = await list.replayable(filter, after, limit);
      if (found.length === 0) return { replayed: 0, next };
      const deliveries = await writer.mutate(() => {
        // Read again: an attempt may have ended since the selection.
        const rows = found.flatMap(({ id }) => sql.byId.get({ id }) ?? []);
        const settled = rows.filter(({ status }) => status !== 'PENDING');
        return applyAll(settled, { type: 'replayed', by }, now + movedMs());
      });
      return { replayed: deliveries.filter(({ outcome }) => outcome !== 'pruned').length, next };
    },
  };

  return {
    port,
    /** Writes the notification of a change, if the change has one. Runs inside the transaction that changes the execution. */
    enqueue,
    /** Gives up the pending notifications of an execution. Runs inside a transaction. */
    giveUpPending: (reference: string, reason: string, now: number): readonly Change[] =>
      ofExecution(reference)
        .filter(({ status }) => status === 'PENDING')
        .flatMap(({ id }) => recordDelivery(id, { type: 'given-up', reason }, now).changes),
  };
}

/** A late result that was recorded after the pruning still has its payload. */
function isPruned({ payloadPrunedAt }: ExecutionRow, { type }: Notification): boolean {
  if (payloadPrunedAt === null) return false;
  return payloadPrunedAt > 0 || type !== 'execution.late_result';
}
