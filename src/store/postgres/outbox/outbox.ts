// The outbox on PostgreSQL: a notification changes with its execution, in one batch with the audit entry of the attempt.

import { applyDelivery, type Delivery, type DeliveryEvent } from '../../../notification/delivery.ts';
import type { Notification } from '../../../notification/notification.ts';
import { scheduleInOrder } from '../../../notification/outgoing.ts';
import type {
  Claim,
  ClaimedNotification,
  DueLane,
  ListedNotification,
  Outbox,
  UndeliveredCounts,
} from '../../outbox-port.ts';
import type { Change } from '../../port.ts';
import { selectNotifications, withoutSequence } from '../../shared/notification-list.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Part } from '../batch/part.ts';
import { type Decided, notificationTask, unchanged } from '../batch/task.ts';
import type { Writer } from '../group-commit.ts';
import type { ClockTurns } from '../turns.ts';
import { listNotifications, NOTIFICATIONS } from './list.ts';

/** Maximum of notifications of a lane that one search for overdue ones reads; no index serves that search. */
const MAX_OVERDUE_SCAN = 1_000;

interface OutboxTools {
  readonly reads: Reads;
  readonly writer: Pick<Writer, 'mutate' | 'mutateAll'>;
  /** A selection sees what the claim before it left. */
  readonly inTurn: ClockTurns;
}

interface Named {
  readonly id: string;
  readonly reference: string;
}

/** Seeks from lane to lane along the index, to the next origin of the app, else to the next app, whatever the length of a lane. */
const LANES = `WITH RECURSIVE lane AS (
    (SELECT app, origin, due_at FROM notification_work ORDER BY app, origin, due_at LIMIT 1)
    UNION ALL
    SELECT next.* FROM lane CROSS JOIN LATERAL (
      SELECT app, origin, due_at FROM notification_work WHERE (app, origin) > (lane.app, lane.origin)
      ORDER BY app, origin, due_at LIMIT 1
    ) AS next
  )
  SELECT app, origin, due_at AS "dueAt" FROM lane`;

const UNDELIVERED = `SELECT (SELECT count(*) FROM notification_work) AS pending, (SELECT count(*) FROM notification_dead) AS dead`;

const WAITING = `SELECT count(*) AS count FROM (
  SELECT 1 FROM notification_work WHERE app = $1 AND origin = $2 ORDER BY due_at LIMIT $3) AS waiting`;

const DUE_IN_LANE = `FROM notification_work AS w JOIN notification_rows AS n ON n.id = w.id
  WHERE w.app = $1 AND w.origin = $2 AND w.due_at <= $3`;

const DUE = `SELECT n.id, n.reference ${DUE_IN_LANE} ORDER BY w.due_at, n.sequence LIMIT $4`;
const NEWEST = `SELECT n.id, n.reference ${DUE_IN_LANE} ORDER BY w.due_at DESC, n.sequence DESC LIMIT $4`;
const PROBE = `SELECT n.id, n.reference ${DUE_IN_LANE}
  ORDER BY coalesce(n.last_http_status, 0) > 0, n.attempts, w.due_at, n.sequence LIMIT $4`;
const OVERDUE = `SELECT id, reference FROM (
    SELECT n.id, n.reference, n.give_up_at, n.attempts, w.due_at, n.sequence ${DUE_IN_LANE}
    ORDER BY w.due_at LIMIT ${MAX_OVERDUE_SCAN}
  ) AS longest_due WHERE give_up_at <= $3 AND attempts >= $5 ORDER BY due_at, sequence LIMIT $4`;

const isDueAt = (now: number) => (one: Notification) => one.dueAt !== null && one.dueAt <= now;

export function createOutbox({ reads, writer, inTurn }: OutboxTools): Outbox {
  const list = listNotifications(reads);

  async function find(id: string): Promise<Notification | undefined> {
    const row = await reads.first<ListedNotification>(`${selectNotifications(NOTIFICATIONS.name)} WHERE id = $1`, [id]);
    return row && withoutSequence(row);
  }

  async function claim(
    { app, origin }: Pick<DueLane, 'app' | 'origin'>,
    { limit, probe, newest = 0 }: Claim,
    now: number,
    leaseUntil: number,
  ): Promise<ClaimedNotification[]> {
    // promise: postgres/probe-prefers-unrejected
    const oldest = await reads.all<Named>(probe ? PROBE : DUE, [app, origin, now, limit - newest]);
    // promise: postgres/new-notification-passes-a-backlog
    const last = newest === 0 ? [] : await reads.all<Named>(NEWEST, [app, origin, now, newest]);
    const rows = [...oldest, ...last.filter(({ id }) => oldest.every((row) => row.id !== id))];
    const leased = await writer.mutateAll(
      rows.map((row) => leaseTask(row, now, leaseUntil)),
      { asLeader: true },
    );
    return leased.filter((one) => one !== undefined);
  }

  async function giveUp(rows: readonly Named[], event: DeliveryEvent, now: number): Promise<number> {
    const deliveries = await writer.mutateAll(
      rows.map((row) => deliveryTask(row, event, now, isDueAt(now))),
      { asLeader: true },
    );
    return deliveries.filter((one) => one !== undefined).length;
  }

  return {
    lanes: () => reads.all<DueLane>(LANES),

    claimNotifications: (lane, how, now, leaseUntil) =>
      inTurn((setMs) => claim(lane, how, now + setMs, leaseUntil + setMs)),

    giveUpNotifications: ({ app, origin }, { limit, untried, reason }, asked) =>
      inTurn(async (setMs) => {
        const now = asked + setMs;
        const rows = await reads.all<Named>(OVERDUE, [app, origin, now, limit, untried ? 0 : 1]);
        return giveUp(rows, { type: 'given-up', reason }, now);
      }),

    recordDelivery: async (id, event, now) => {
      const row = await reads.first<Named>('SELECT id, reference FROM notification_rows WHERE id = $1', [id]);
      return row && writer.mutate(deliveryTask(row, event, now, () => true));
    },

    undelivered: async () => (await reads.first<UndeliveredCounts>(UNDELIVERED)) ?? { pending: 0, dead: 0 },

    waitingIn: async ({ app, origin }, limit) =>
      (await reads.first<{ count: number }>(WAITING, [app, origin, limit]))?.count ?? 0,

    findNotification: find,

    listNotifications: list.page,
    countNotifications: list.count,

    replayNotifications: async (filter, { after, limit, by, now }) => {
      const { found, next } = await list.replayable(filter, after, limit);
      // Decided on the present state: an attempt may have ended since the selection.
      const isSettled = ({ status }: Notification) => status !== 'PENDING';
      const deliveries = await writer.mutateAll(
        found.map((row) => deliveryTask(row, { type: 'replayed', by }, now, isSettled)),
      );
      const replayed = deliveries.filter((delivery) => delivery !== undefined && delivery.outcome !== 'pruned');
      return { replayed: replayed.length, next };
    },
  };
}

function leaseTask(named: Named, now: number, leaseUntil: number) {
  return notificationTask<ClaimedNotification>(named, isDueAt(now), (part, before) => {
    const notification = { ...before, dueAt: leaseUntil };
    part.saveNotification(notification);
    return { value: { notification, execution: part.state.execution }, changes: [], part };
  });
}

/** @param isWanted whether the event still applies to the notification as it is */
function deliveryTask(named: Named, event: DeliveryEvent, now: number, isWanted: (one: Notification) => boolean) {
  return notificationTask(named, isWanted, (part, before) => applyToNotification(part, before, event, now));
}

/** The only way in which a notification changes: event, schedule of the other notification of its execution, entry. */
export function applyToNotification(
  part: Part,
  before: Notification,
  event: DeliveryEvent,
  now: number,
): Decided<Delivery> {
  if (event.type === 'replayed' && isPruned(part, before)) {
    return unchanged({ notification: before, outcome: 'pruned' });
  }
  const { notification, outcome, entry } = applyDelivery(before, event, now);
  if (notification !== before) part.saveNotification(notification);
  const found = part.state.notifications;
  const ordered = scheduleInOrder(found, now);
  for (const [index, scheduled] of ordered.entries()) if (scheduled !== found[index]) part.saveNotification(scheduled);
  const notifyAt = ordered.find(({ dueAt }) => dueAt !== null)?.dueAt ?? null;
  const settled = ordered.find((one) => one.id === notification.id) ?? notification;
  const { execution } = part.state;
  const change: Change = { execution, outcome: 'notification', entry: part.append(entry, now), notifyAt };
  return { value: { notification: settled, outcome }, changes: [change], part };
}

/** A late result that was recorded after the pruning still has its payload. */
function isPruned({ state: { payloadPrunedAt } }: Part, { type }: Notification): boolean {
  if (payloadPrunedAt === null) return false;
  return payloadPrunedAt > 0 || type !== 'execution.late_result';
}
