// The outbox of the store in memory: the behaviour of SQLite without a file.

import type { AuditDraft, AuditEntry } from '../../src/execution/event.ts';
import type { Execution } from '../../src/execution/execution.ts';
import { applyDelivery, type Delivery, type DeliveryEvent } from '../../src/notification/delivery.ts';
import type { Notification } from '../../src/notification/notification.ts';
import { notificationFor, scheduleInOrder } from '../../src/notification/outgoing.ts';
import type { DueLane, NotificationFilter, Outbox } from '../../src/store/outbox-port.ts';
import type { Change } from '../../src/store/port.ts';

interface Tools {
  readonly operate: <T>(work: (changes: Change[]) => T) => Promise<T>;
  readonly execution: (reference: string) => Execution | undefined;
  /** Whether its execution is no longer kept. */
  readonly isPruned: (reference: string) => boolean;
  readonly append: (execution: Execution, draft: AuditDraft, now: number) => AuditEntry;
}

export interface MemoryOutbox {
  readonly port: Outbox;
  arrived(before: Execution, after: Execution, now: number): Notification | null;
  isPending(reference: string): boolean;
  giveUpPending(reference: string, now: number, changes: Change[]): void;
  moveBy(ms: number): void;
  remove(reference: string): void;
}

interface Kept {
  readonly sequence: number;
  notification: Notification;
}

export function createMemoryOutbox({ operate, execution, isPruned, append }: Tools): MemoryOutbox {
  let kept: Kept[] = [];
  let lastSequence = 0;

  const ofExecution = (reference: string) => kept.filter(({ notification }) => notification.reference === reference);
  const byId = (id: string) => kept.find(({ notification }) => notification.id === id);

  function keepOrder(reference: string, now: number): Kept[] {
    const found = ofExecution(reference);
    const ordered = scheduleInOrder(
      found.map(({ notification }) => notification),
      now,
    );
    for (const [index, one] of found.entries()) one.notification = ordered[index] as Notification;
    return found;
  }

  function arrived(before: Execution, after: Execution, now: number): Notification | null {
    const notification = notificationFor(before, after, now);
    if (notification === null) return null;
    lastSequence += 1;
    kept.push({ sequence: lastSequence, notification });
    return keepOrder(after.reference, now).at(-1)?.notification ?? null;
  }

  function apply(one: Kept, event: DeliveryEvent, now: number, changes: Change[]): Delivery {
    if (event.type === 'replayed' && isPruned(one.notification.reference)) {
      return { notification: one.notification, outcome: 'pruned' };
    }
    const { notification, outcome, entry } = applyDelivery(one.notification, event, now);
    one.notification = notification;
    const found = keepOrder(notification.reference, now);
    const notifyAt = found.find((other) => other.notification.dueAt !== null)?.notification.dueAt ?? null;
    const about = execution(notification.reference) as Execution;
    changes.push({ execution: about, outcome: 'notification', entry: append(about, entry, now), notifyAt });
    return { notification: one.notification, outcome };
  }

  function dueIn({ app, origin }: Pick<DueLane, 'app' | 'origin'>, now: number): Kept[] {
    return kept
      .filter(({ notification: one }) => one.app === app && one.origin === origin && (one.dueAt ?? Infinity) <= now)
      .sort((one, other) => (one.notification.dueAt ?? 0) - (other.notification.dueAt ?? 0));
  }

  function lanes(): DueLane[] {
    const found = new Map<string, DueLane>();
    for (const { notification } of kept) {
      const { app, origin, dueAt } = notification;
      if (dueAt === null) continue;
      const earlier = found.get(`${app} ${origin}`)?.dueAt ?? Number.POSITIVE_INFINITY;
      found.set(`${app} ${origin}`, { app, origin, dueAt: Math.min(earlier, dueAt) });
    }
    return [...found.values()].sort((one, other) => (laneName(one) < laneName(other) ? -1 : 1));
  }

  const port: Outbox = {
    lanes: () => operate(lanes),
    claimNotifications: (lane, { limit, probe }, now, leaseUntil) =>
      operate(() =>
        (probe ? dueIn(lane, now).sort(byRejection) : dueIn(lane, now)).slice(0, limit).map((one) => {
          one.notification = { ...one.notification, dueAt: leaseUntil };
          const { notification } = one;
          return { notification, execution: execution(notification.reference) as Execution };
        }),
      ),
    giveUpNotifications: (lane, { limit, untried, reason }, now) =>
      operate((changes) => {
        const over = dueIn(lane, now).filter(
          ({ notification }) => notification.giveUpAt <= now && (untried || notification.attempts > 0),
        );
        return over.slice(0, limit).map((one) => apply(one, { type: 'given-up', reason }, now, changes)).length;
      }),
    recordDelivery: (id, event, now) =>
      operate((changes) => {
        const one = byId(id);
        return one && apply(one, event, now, changes);
      }),
    undelivered: () =>
      operate(() => {
        const count = (wanted: (one: Notification) => boolean) =>
          kept.filter(({ notification }) => wanted(notification)).length;
        return { pending: count(({ dueAt }) => dueAt !== null), dead: count(({ status }) => status === 'DEAD') };
      }),
    waitingIn: ({ app, origin }, limit) =>
      operate(() => {
        const waiting = kept.filter(
          ({ notification: one }) => one.dueAt !== null && one.app === app && one.origin === origin,
        );
        return Math.min(limit, waiting.length);
      }),
    findNotification: (id) => operate(() => byId(id)?.notification),
    listNotifications: (query) =>
      operate(() => {
        const matching = kept
          .filter(({ sequence }) => {
            const isBehind = query.oldestFirst ? sequence > (query.before ?? 0) : sequence < (query.before ?? Infinity);
            return isBehind && sequence > (query.after ?? 0);
          })
          .filter(({ notification }) => matchesFilter(notification, query));
        if (!query.oldestFirst) matching.reverse();
        const items = matching.slice(0, query.limit);
        const next = matching.length > query.limit ? (items.at(-1)?.sequence ?? null) : null;
        return { items: items.map(({ notification, sequence }) => ({ ...notification, sequence })), next };
      }),
    countNotifications: (query) =>
      operate(() => {
        const count = kept.filter(({ notification }) => matchesFilter(notification, query)).length;
        return { count: Math.min(count, query.limit), isWhole: count <= query.limit };
      }),
    replayNotifications: (filter, { after, limit, by, now }) =>
      operate((changes) => {
        const matching = kept.filter(
          ({ sequence, notification }) =>
            sequence > after && notification.status !== 'PENDING' && matchesFilter(notification, filter),
        );
        const taken = matching.slice(0, limit);
        const done = taken.map((one) => apply(one, { type: 'replayed', by }, now, changes));
        const next = matching.length > limit ? (taken.at(-1)?.sequence ?? null) : null;
        return { replayed: done.filter(({ outcome }) => outcome !== 'pruned').length, next };
      }),
  };

  return {
    port,
    giveUpPending: (reference, now, changes) => {
      const event = { type: 'given-up', reason: 'the content of the execution was erased' } as const;
      for (const one of ofExecution(reference)) {
        if (one.notification.status === 'PENDING') apply(one, event, now, changes);
      }
    },
    arrived,
    isPending: (reference) => ofExecution(reference).some(({ notification }) => notification.status === 'PENDING'),
    moveBy: (ms) => {
      for (const one of kept) {
        const { dueAt, giveUpAt } = one.notification;
        if (dueAt === null) continue;
        one.notification = { ...one.notification, dueAt: dueAt + ms, giveUpAt: giveUpAt + ms };
      }
    },
    remove: (reference) => {
      kept = kept.filter(({ notification }) => notification.reference !== reference);
    },
  };
}

/** Stable: the longest due first among equals. */
function byRejection({ notification: one }: Kept, { notification: other }: Kept): number {
  const rejected = ({ lastHttpStatus }: Notification) => Number((lastHttpStatus ?? 0) > 0);
  return rejected(one) - rejected(other) || one.attempts - other.attempts;
}

function laneName({ app, origin }: DueLane): string {
  return `${app} ${origin}`;
}

function matchesFilter(notification: Notification, filter: NotificationFilter): boolean {
  const { app, status, type, correlationId, endpoint, ids, from, to } = filter;
  return (
    (endpoint === undefined || notification.origin === endpoint) &&
    (ids === undefined || ids.includes(notification.id)) &&
    (app === null || notification.app === app) &&
    (status === undefined || notification.status === status) &&
    (type === undefined || notification.type === type) &&
    (correlationId === undefined || notification.correlationId === correlationId) &&
    (from === undefined || notification.createdAt >= from) &&
    (to === undefined || notification.createdAt < to)
  );
}
