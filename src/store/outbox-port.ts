// The outbox role of a store: notifications to apps, from commit to delivery. Each promise settles only after its commit.

import type { Execution } from '../execution/execution.ts';
import type { Delivery, DeliveryEvent } from '../notification/delivery.ts';
import type { Notification, NotificationStatus, NotificationType } from '../notification/notification.ts';
import type { MatchCount } from './search-port.ts';

/** The notifications of one app to one origin. An origin that is slow or down delays its own lane only. */
export interface DueLane {
  readonly app: string;
  readonly origin: string;
  /** When the first notification of the lane is due, milliseconds. */
  readonly dueAt: number;
}

/** A lane whose endpoint fails, so that only probes go there. */
export interface OpenCircuit extends Pick<DueLane, 'app' | 'origin'> {
  /** Why the last delivery failed. */
  readonly failure: string | null;
  /** Failures in a row. */
  readonly failures: number;
  /** When the circuit opened, milliseconds. */
  readonly since: number;
  /** Milliseconds until the next probe. */
  readonly probeInMs: number;
}

/** A notification with the execution that it reports. */
export interface ClaimedNotification {
  readonly notification: Notification;
  readonly execution: Execution;
}

/** An absent member does not restrict. `from` and `to` (exclusive) apply to `createdAt`, milliseconds. */
export interface NotificationFilter {
  /** Null: all apps. */
  readonly app: string | null;
  readonly status?: NotificationStatus;
  readonly type?: NotificationType;
  readonly correlationId?: string;
  /** The origin of the URL. */
  readonly endpoint?: string;
  /** Only these ids. */
  readonly ids?: readonly string[];
  readonly from?: number;
  readonly to?: number;
}

export interface NotificationQuery extends NotificationFilter {
  readonly limit: number;
  /** True for the oldest first; default: newest first. */
  readonly oldestFirst?: boolean;
  /** Sequence of the notification before which the page begins; with `oldestFirst`, after which it begins. */
  readonly before?: number;
  /** Time of scanning in milliseconds after which the page ends, possibly before it is full; default: no bound. */
  readonly scanMs?: number;
  /** Sequence of the notification at which the list ends, without it. */
  readonly after?: number;
}

/** A notification with its place in lists. */
export interface ListedNotification extends Notification {
  readonly sequence: number;
}

export interface NotificationPage {
  /** In the order of the query. */
  readonly items: ListedNotification[];
  /** `before` of the next page; null at the end. */
  readonly next: number | null;
  /** A sequence from which the list continues, when `before` of the query is that of a lost notification. The page is then empty. */
  readonly resumeBefore?: number;
}

/** The result of one step of a replay. */
export interface ReplayStep {
  readonly replayed: number;
  /** `after` of the next step; null at the end. */
  readonly next: number | null;
}

export interface Claim {
  readonly limit: number;
  readonly probe: boolean;
  /** How many of them are those that became due last; default: none. */
  readonly newest?: number;
}

export interface GiveUp {
  readonly limit: number;
  /** Whether notifications that were never attempted are included. */
  readonly untried: boolean;
  readonly reason: string;
}

/** Numbers of notifications that have not arrived. */
export interface UndeliveredCounts {
  /** Scheduled for an attempt. A notification that waits for an earlier one of its execution is not counted. */
  readonly pending: number;
  /** Given up, and still stored. */
  readonly dead: number;
}

export interface Outbox {
  /** Returns every lane that has a scheduled notification. */
  lanes(): Promise<DueLane[]>;
  /**
   * Leases up to `limit` due notifications of a lane until `leaseUntil`, the longest due first, but for the `newest`. A probe begins with those that
   * were never answered with a failure, and among them with the least attempts. Notifications past their `giveUpAt` are included:
   * after an outage of the receiver, each still gets one last attempt.
   */
  claimNotifications(
    lane: Pick<DueLane, 'app' | 'origin'>,
    claim: Claim,
    now: number,
    leaseUntil: number,
  ): Promise<ClaimedNotification[]>;
  /**
   * Gives up up to `limit` due notifications of a lane that are past their `giveUpAt`, without an attempt, because the lane
   * delivers nothing now. Returns their number. One call examines a bounded number of notifications, the longest due first.
   */
  giveUpNotifications(lane: Pick<DueLane, 'app' | 'origin'>, giveUp: GiveUp, now: number): Promise<number>;
  /**
   * Applies one event to one notification, with its audit entry in the same commit. Returns undefined for an unknown id. A
   * notification whose payload was pruned is not replayed.
   */
  recordDelivery(id: string, event: DeliveryEvent, now: number): Promise<Delivery | undefined>;
  undelivered(): Promise<UndeliveredCounts>;
  /** Returns the number of scheduled notifications of a lane, up to `limit`. */
  waitingIn(lane: Pick<DueLane, 'app' | 'origin'>, limit: number): Promise<number>;
  findNotification(id: string): Promise<Notification | undefined>;
  listNotifications(query: NotificationQuery): Promise<NotificationPage>;
  /** Counts the notifications that match, at most `limit`. The count ends early after `scanMs` of its query; default: a bound of the store. */
  countNotifications(query: NotificationQuery, signal?: AbortSignal): Promise<MatchCount>;
  /**
   * Replays up to `limit` matching notifications that are not pending and still have their payload, oldest first after the
   * sequence `after` (0: from the beginning). One step is short, so that it does not delay other requests.
   */
  replayNotifications(
    filter: NotificationFilter,
    step: { readonly after: number; readonly limit: number; readonly by: string; readonly now: number },
  ): Promise<ReplayStep>;
}
