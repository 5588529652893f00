// What the service needs of a store to tell apps how their executions ended. Every promise settles only after its commit.

import type { Execution } from '../execution/execution.ts';
import type { Delivery, DeliveryEvent } from '../notification/delivery.ts';
import type { Notification, NotificationStatus, NotificationType } from '../notification/notification.ts';

/** One app's notifications to one origin: what is slow or dead together, and holds up nobody else. */
export interface DueLane {
  readonly app: string;
  readonly origin: string;
  /** When its first is due, milliseconds. */
  readonly dueAt: number;
}

/** A notification with what it tells of. */
export interface ClaimedNotification {
  readonly notification: Notification;
  readonly execution: Execution;
}

/** Null: of all apps. What is left out is not looked at; `from` and `to` (exclusive) are about `createdAt`. */
export interface NotificationFilter {
  readonly app: string | null;
  readonly status?: NotificationStatus;
  readonly type?: NotificationType;
  readonly correlationId?: string;
  readonly from?: number;
  readonly to?: number;
}

export interface NotificationQuery extends NotificationFilter {
  readonly limit: number;
  /** Only those that came up before this one. */
  readonly before?: number;
}

export interface NotificationPage {
  /** Newest first. */
  readonly items: Notification[];
  /** Sequence to go on from; null at the end. */
  readonly next: number | null;
}

/** What one step of a replay did. */
export interface ReplayStep {
  readonly replayed: number;
  /** Sequence to go on from; null at the end. */
  readonly next: number | null;
}

/** How many notifications have not arrived. */
export interface UndeliveredCounts {
  /** To be sent, now or later; one that waits for an earlier one of its execution is not counted. */
  readonly pending: number;
  /** Given up, and kept. */
  readonly dead: number;
}

export interface Outbox {
  /** Every lane with something to send, now or later. */
  lanes(): Promise<DueLane[]>;
  /**
   * Leases up to `limit` of a lane that are due, the longest due first: until `leaseUntil` nobody else gets them. Those whose
   * time is over are among them: after an outage of ours each still gets its last try.
   */
  claimNotifications(
    lane: Pick<DueLane, 'app' | 'origin'>,
    limit: number,
    now: number,
    leaseUntil: number,
  ): Promise<ClaimedNotification[]>;
  /**
   * Ends up to `limit` of a lane that are due and whose time is over, without trying them (nothing gets through there now);
   * returns how many. Only as many as are longest due are looked at: call it again later for the rest.
   */
  giveUpNotifications(
    lane: Pick<DueLane, 'app' | 'origin'>,
    limit: number,
    now: number,
    reason: string,
  ): Promise<number>;
  /**
   * Applies one event to one notification and leaves its audit entry; undefined when there is no such notification. One whose
   * execution has no payload any more is not replayed.
   */
  recordDelivery(id: string, event: DeliveryEvent, now: number): Promise<Delivery | undefined>;
  undelivered(): Promise<UndeliveredCounts>;
  findNotification(id: string): Promise<Notification | undefined>;
  listNotifications(query: NotificationQuery): Promise<NotificationPage>;
  /**
   * One step of a replay: looks at some notifications after the given sequence (0: from the beginning), oldest first, and
   * makes up to `limit` that match and are not pending due again, if their payload is still kept. Steps are short, so that nobody else waits.
   */
  replayNotifications(
    filter: NotificationFilter,
    after: number,
    limit: number,
    by: string,
    now: number,
  ): Promise<ReplayStep>;
}
