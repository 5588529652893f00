// The tables, which operators query with SQL. Times are ISO 8601 text in UTC with milliseconds, which sorts by time.

import { sql } from 'drizzle-orm';
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

export const executions = sqliteTable(
  'executions',
  {
    correlationId: text('correlation_id').primaryKey(),
    /** UUIDv7 in the callback URL. It is ordered by time, so that its index grows at one end. */
    reference: text('reference').notNull().unique(),
    app: text('app').notNull(),
    actionId: text('action_id').notNull(),
    executionId: text('execution_id'),
    /** 1 while execution_id is known only from an unverified callback. */
    hearsay: integer('hearsay').notNull(),
    status: text('status').notNull(),
    resolvedBy: text('resolved_by'),
    inputs: text('inputs').notNull(),
    context: text('context').notNull(),
    result: text('result'),
    error: text('error'),
    lateResult: text('late_result'),
    submittedAt: text('submitted_at').notNull(),
    sentAt: text('sent_at'),
    resolvedAt: text('resolved_at'),
    pollAfter: text('poll_after'),
    deadline: text('deadline'),
    latencyMs: integer('latency_ms'),
    totalLatencyMs: integer('total_latency_ms'),
    pollCount: integer('poll_count').notNull(),
    attempts: integer('attempts').notNull(),
    timeoutSeconds: integer('timeout_seconds').notNull(),
    graceSeconds: integer('grace_seconds').notNull(),
    retryUncertain: integer('retry_uncertain').notNull(),
    notifyUrl: text('notify_url'),
    /** 0 to 9. Of the queued executions of an app, those with the higher number are dispatched first. */
    priority: integer('priority').notNull().default(4),
    /** Key under which the app may repeat the submission; valid as long as the row exists. */
    idempotencyKey: text('idempotency_key'),
    /** W3C Trace Context of the submission. */
    traceparent: text('traceparent'),
    tracestate: text('tracestate'),
    /** SHA-256 of the submission: distinguishes a repeated submission from another one under the same id. */
    fingerprint: text('fingerprint').notNull(),
    /** When the next dispatch, poll or expiry is due; null unless one is scheduled. */
    dispatchAt: text('dispatch_at'),
    pollAt: text('poll_at'),
    expireAt: text('expire_at'),
    /** When the payload was pruned: inputs and context are {}, result and error NULL. NULL again while a later result is stored. */
    payloadPrunedAt: text('payload_pruned_at'),
    /** Hashes of a pruned payload: JSON with the SHA-256 of `inputs`, `context`, `outcome` and `lateOutcome`. */
    payloadSha256: text('payload_sha256'),
    /** Why the executionId that CXone gave cannot be used. */
    executionIdProblem: text('execution_id_problem'),
    /** The address to poll, from the Location header of the submit response. */
    pollUrl: text('poll_url'),
    /** JSON: cookies that the gateway set in the submit response; polls send them back. */
    cookies: text('cookies'),
    /** Last status word that the profile does not list. */
    unknownWord: text('unknown_word'),
    /** First 404 of the current series of polls. */
    notFoundAt: text('not_found_at'),
    /** When a poll last found the execution. */
    foundAt: text('found_at'),
    /** Since when an administrator exempts the execution from pruning and erasure; null: it is not held. */
    heldAt: text('held_at'),
    /** When an administrator erased the content; later reports of the execution are stored without content, too. */
    erasedAt: text('erased_at'),
  },
  (table) => [
    index('executions_by_app').on(table.app, table.reference),
    uniqueIndex('executions_by_idempotency_key')
      .on(table.app, table.idempotencyKey)
      .where(sql`idempotency_key IS NOT NULL`),
    index('executions_to_dispatch').on(table.app, table.priority, table.dispatchAt).where(sql`dispatch_at IS NOT NULL`),
    index('executions_to_poll').on(table.app, table.pollAt).where(sql`poll_at IS NOT NULL`),
    index('executions_to_expire').on(table.expireAt).where(sql`expire_at IS NOT NULL`),
    /** Open executions in list order: a small index, however many executions have ended. */
    index('executions_open').on(table.reference).where(sql`resolved_at IS NULL`),
    index('executions_with_payload')
      .on(table.resolvedAt)
      .where(sql`resolved_at IS NOT NULL AND payload_pruned_at IS NULL`),
    index('executions_held').on(table.heldAt).where(sql`held_at IS NOT NULL`),
  ],
);

/** Append-only by triggers; each hash covers the entry and the hash before it. */
export const auditEvents = sqliteTable(
  'audit_events',
  {
    id: integer('id').primaryKey(),
    timestamp: text('timestamp').notNull(),
    event: text('event').notNull(),
    actionId: text('action_id').notNull(),
    correlationId: text('correlation_id').notNull(),
    executionId: text('execution_id'),
    latencyMs: integer('latency_ms'),
    httpStatus: integer('http_status'),
    app: text('app').notNull(),
    detail: text('detail').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [index('audit_events_by_execution').on(table.correlationId)],
);

/** Unreadable callback bodies, byte for byte; the audit entry has their SHA-256. */
export const callbackBodies = sqliteTable(
  'callback_bodies',
  {
    auditId: integer('audit_id').primaryKey(),
    contentType: text('content_type'),
    body: blob('body', { mode: 'buffer' }).notNull(),
    /** When the bytes were pruned; the body is then empty, and the row remains. */
    prunedAt: text('pruned_at'),
  },
  (table) => [index('callback_bodies_kept').on(table.auditId).where(sql`pruned_at IS NULL`)],
);

/** The outbox: notifications to apps, each committed together with the change that it reports. */
export const notifications = sqliteTable(
  'notifications',
  {
    /** In the order of creation. */
    sequence: integer('sequence').primaryKey(),
    /** The webhook-id, which is the same for all attempts. */
    id: text('id').notNull().unique(),
    reference: text('reference').notNull(),
    correlationId: text('correlation_id').notNull(),
    app: text('app').notNull(),
    type: text('type').notNull(),
    url: text('url').notNull(),
    /** Scheme, host and port of the URL: the unit that is slow or down as a whole. */
    origin: text('origin').notNull(),
    /** PENDING, DELIVERED or DEAD. */
    status: text('status').notNull(),
    createdAt: text('created_at').notNull(),
    /** When the next attempt is due; null unless it is pending and no earlier notification of its execution is. */
    dueAt: text('due_at'),
    /** When attempts end. */
    giveUpAt: text('give_up_at').notNull(),
    /** Attempts since its creation or its last replay. */
    attempts: integer('attempts').notNull(),
    lastAttemptAt: text('last_attempt_at'),
    lastHttpStatus: integer('last_http_status'),
    lastError: text('last_error'),
    deliveredAt: text('delivered_at'),
  },
  (table) => [
    index('notifications_by_app').on(table.app, table.sequence),
    index('notifications_dead').on(table.app, table.sequence).where(sql`status = 'DEAD'`),
    index('notifications_to_send').on(table.app, table.origin, table.dueAt).where(sql`due_at IS NOT NULL`),
  ],
);

/** One row: the last pruned entry, and counts of what was pruned, so that the chain and the totals remain verifiable. */
export const auditCheckpoint = sqliteTable('audit_checkpoint', {
  id: integer('id').primaryKey(),
  prunedThrough: integer('pruned_through').notNull(),
  hash: text('hash').notNull(),
  accepted: integer('accepted').notNull(),
  executions: integer('executions').notNull(),
});

/** Row 1: the newest time of a receiver, which each test commit notes. Rows 2 and 3: the last step of the clock, from and to. */
export const heartbeat = sqliteTable('heartbeat', {
  id: integer('id').primaryKey(),
  at: text('at').notNull(),
});

/** One row: the file that the last receiver ran on. A copy of the file is recognised by it. */
export const databaseFile = sqliteTable('database_file', {
  id: integer('id').primaryKey(),
  /** A random text that each start renews. The lock beside the file has the same one. */
  run: text('run').notNull(),
  device: text('device').notNull(),
  inode: text('inode').notNull(),
  /** The lock of that receiver. Another name of the file has another lock. */
  lockPath: text('lock_path').notNull(),
  /** 1: a command put the file there, and the next start takes it over as it is. */
  placed: integer('placed').notNull(),
});

/** One row for each restore: ids between those of the copy and `next_id` may have been issued by the lost file. */
export const idGaps = sqliteTable('id_gaps', {
  id: integer('id').primaryKey(),
  restoredAt: text('restored_at').notNull(),
  /** When the newest audit entry of the copy was written; later executions are lost. */
  lostFrom: text('lost_from').notNull(),
  /** The newest audit entry of the copy. */
  auditAfter: integer('audit_after').notNull(),
  /** The newest notification of the copy. */
  notificationAfter: integer('notification_after').notNull(),
  /** The first id of both kinds that is issued after the restore. */
  nextId: integer('next_id').notNull(),
});

/** Status words that no profile listed when they arrived, a bounded number of them. */
export const unknownStatusWords = sqliteTable('unknown_status_words', {
  /** In upper case and without separators. */
  word: text('word').primaryKey(),
  /** As CXone wrote it first. */
  spelling: text('spelling').notNull(),
  firstAt: text('first_at').notNull(),
  lastAt: text('last_at').notNull(),
  reports: integer('reports').notNull(),
  /** Executions that timed out under this word. */
  timeouts: integer('timeouts').notNull(),
});

/** Repeats of an event that are acknowledged and not yet in the trail: the next entry about them states their number. */
export const auditRepeats = sqliteTable(
  'audit_repeats',
  {
    correlationId: text('correlation_id').notNull(),
    event: text('event').notNull(),
    count: integer('count').notNull(),
    /** When the first of them came. */
    since: text('since').notNull(),
    /** When the last of them came. */
    until: text('until').notNull(),
    /** What an entry about the last of them would state. */
    detail: text('detail').notNull(),
  },
  (table) => [primaryKey({ columns: [table.correlationId, table.event] })],
);

/** The exports that a file was made from. A file with a row here is for inspection: no receiver starts on it. */
export const imports = sqliteTable('imports', {
  id: integer('id').primaryKey(),
  file: text('file').notNull(),
  sha256: text('sha256').notNull(),
  rows: integer('rows').notNull(),
  importedAt: text('imported_at').notNull(),
});
