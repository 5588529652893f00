// What an app is told of an execution, and how far the telling has come. Times are milliseconds since the Unix epoch.

export const NOTIFICATION_STATUSES = ['PENDING', 'DELIVERED', 'DEAD'] as const;

/** DEAD: nobody tries any more; it is kept until somebody replays it. */
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/** Standard Webhooks: full-stop delimited, lower case. */
export const NOTIFICATION_TYPES = [
  'execution.completed',
  'execution.failed',
  'execution.rejected',
  'execution.not_found',
  'execution.timeout',
  'execution.cancelled',
  'execution.late_result',
] as const;

export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

export interface Notification {
  /** The webhook-id (Standard Webhooks): the same over all attempts and replays. */
  readonly id: string;
  /** Of the execution it tells of. */
  readonly reference: string;
  readonly correlationId: string;
  readonly app: string;
  readonly type: NotificationType;
  readonly url: string;
  /** Scheme, host and port of the URL: what may be slow or dead as a whole. */
  readonly origin: string;
  readonly status: NotificationStatus;
  readonly createdAt: number;
  /** When it is to be sent next; null unless it is pending and no earlier one of its execution is. */
  readonly dueAt: number | null;
  /** When trying ends. */
  readonly giveUpAt: number;
  /** Since it came up, or since it was last replayed. */
  readonly attempts: number;
  readonly lastAttemptAt: number | null;
  /** 0: there was no answer. */
  readonly lastHttpStatus: number | null;
  readonly lastError: string | null;
  readonly deliveredAt: number | null;
}
