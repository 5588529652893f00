// The tables. Operators query executions and audit entries through views of the same names as ever (migrations), with text in place
// of codes, bytes and milliseconds. In the other tables, times are ISO 8601 text in UTC with milliseconds, which sorts by time.

import { blob, customType, index, integer, primaryKey, sql, sqliteTable, text, uniqueIndex } from './file/drizzle.ts';

/** A column for a short form, or for the text itself where a value has none. */
export const shortOrText = customType<{ data: number | string | Buffer }>({ dataType: () => 'any' });

/**
 * Executions without their payloads: narrow rows, because each event rewrites one. Times are milliseconds since the Unix epoch. The
 * view `executions` shows them as text.
 */
export const executionRows = sqliteTable(
  'execution_rows',
  {
    /** In the order of submission. */
    id: integer('id').primaryKey(),
    /** A code of STATUS_CODES. 0: the row only names what imported entries are about. */
    status: shortOrText('status').notNull(),
    /** A code of RESOLVED_BY_CODES. */
    resolvedBy: shortOrText('resolved_by'),
    /** The 16 bytes of the UUIDv7 in the callback URL. They are ordered by time, so that their indexes grow at one end. */
    reference: shortOrText('reference'),
    correlationId: text('correlation_id').notNull(),
    app: text('app').notNull(),
    actionId: text('action_id').notNull(),
    /** The first executionId that CXone gave; never changed, because entries refer to it. */
    executionId: text('execution_id'),
    /** The present executionId where that is another one; 0: there is none any more. */
    otherExecutionId: shortOrText('other_execution_id'),
    /** 1 while the present executionId is known only from an unverified or unreadable callback. */
    hearsay: integer('hearsay').notNull(),
    submittedAt: integer('submitted_at').notNull(),
    sentAt: integer('sent_at'),
    resolvedAt: integer('resolved_at'),
    pollAfter: integer('poll_after'),
    deadline: integer('deadline'),
    /** When the next dispatch, poll or expiry is due; null unless one is scheduled. */
    dispatchAt: integer('dispatch_at'),
    pollAt: integer('poll_at'),
    expireAt: integer('expire_at'),
    /** First 404 of the current series of polls. */
    notFoundAt: integer('not_found_at'),
    /** When a poll last found the execution. */
    foundAt: integer('found_at'),
    latencyMs: integer('latency_ms'),
    pollCount: integer('poll_count').notNull(),
    attempts: integer('attempts').notNull(),
    timeoutSeconds: integer('timeout_seconds').notNull(),
    graceSeconds: integer('grace_seconds').notNull(),
    retryUncertain: integer('retry_uncertain').notNull(),
    /** 0 to 9. Of the queued executions of an app, those with the higher number are dispatched first. */
    priority: integer('priority').notNull(),
    /** The row of outcome_rows; null while there is neither a result nor an error. */
    outcome: integer('outcome'),
    /** When the payload was pruned; 0: it was pruned, and a later result is stored. */
    payloadPrunedAt: integer('payload_pruned_at'),
    /** Since when an administrator exempts the execution from pruning and erasure; null: it is not held. */
    heldAt: integer('held_at'),
    /** When an administrator erased the content; later reports of the execution are stored without content, too. */
    erasedAt: integer('erased_at'),
    /** SHA-256 of the submission: distinguishes a repeated submission from another one under the same id. */
    fingerprint: shortOrText('fingerprint').notNull(),
    notifyUrl: text('notify_url'),
    /** Key under which the app may repeat the submission; valid as long as the row exists. */
    idempotencyKey: text('idempotency_key'),
    /** W3C Trace Context of the submission. */
    traceparent: text('traceparent'),
    tracestate: text('tracestate'),
    /** Why the executionId that CXone gave cannot be used. */
    executionIdProblem: text('execution_id_problem'),
    /** The address to poll, from the Location header of the submit response. */
    pollUrl: text('poll_url'),
    /** JSON: cookies that the gateway set in the submit response; polls send them back. */
    cookies: text('cookies'),
    /** Last status word that the profile does not list. */
    unknownWord: text('unknown_word'),
    /** The correlation ids of the execution that this one repeats, and of the one that repeats it. */
    resubmissionOf: text('resubmission_of'),
    resubmittedAs: text('resubmitted_as'),
  },
  (table) => [
    uniqueIndex('execution_rows_by_correlation_id').on(table.correlationId),
    uniqueIndex('execution_rows_by_reference').on(table.reference),
    index('execution_rows_by_app').on(table.app, table.reference),
    uniqueIndex('execution_rows_by_idempotency_key')
      .on(table.app, table.idempotencyKey)
      .where(sql`idempotency_key IS NOT NULL`),
    // The migration also has execution_rows_by_execution_id, an index on an expression, which drizzle-kit cannot generate.
    // The action is for pauses: what is queued of a paused action is passed over without reading its rows.
    index('execution_rows_to_dispatch')
      .on(table.app, table.priority, table.dispatchAt, table.actionId)
      .where(sql`dispatch_at IS NOT NULL`),
    index('execution_rows_to_poll').on(table.app, table.pollAt).where(sql`poll_at IS NOT NULL`),
    index('execution_rows_to_expire').on(table.expireAt).where(sql`expire_at IS NOT NULL`),
    /** Open executions in list order: a small index, however many executions have ended. */
    index('execution_rows_open').on(table.reference).where(sql`resolved_at IS NULL AND status <> 0`),
    index('execution_rows_held').on(table.heldAt).where(sql`held_at IS NOT NULL`),
  ],
);

/** Further names of a submission: its app repeated it by its correlation id under another key. They live as long as the execution. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    app: text('app').notNull(),
    idempotencyKey: text('idempotency_key').notNull(),
    /** Id of the execution. */
    execution: integer('execution').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.app, table.idempotencyKey] }),
    index('idempotency_keys_by_execution').on(table.execution),
  ],
);

/** The submissions, under the ids of their executions. A pruned one has no row. */
export const payloadRows = sqliteTable('payload_rows', {
  id: integer('id').primaryKey(),
  inputs: text('inputs').notNull(),
  context: text('context').notNull(),
});

/** Results and errors in the order of arrival: an outcome is appended, wherever its execution is. */
export const outcomeRows = sqliteTable('outcome_rows', {
  id: integer('id').primaryKey(),
  result: text('result'),
  error: text('error'),
  lateResult: text('late_result'),
});

/** Hashes of pruned payloads: JSON with the SHA-256 of `inputs`, `context`, `outcome` and `lateOutcome`. */
export const payloadHashes = sqliteTable('payload_hashes', {
  id: integer('id').primaryKey(),
  sha256: text('sha256').notNull(),
});

/** Append-only by triggers; each hash covers the entry and the hash before it. The view `audit_events` shows the whole entries. */
export const auditRows = sqliteTable(
  'audit_rows',
  {
    id: integer('id').primaryKey(),
    /** Id of the execution, which has the columns that do not change from entry to entry. */
    execution: integer('execution').notNull(),
    at: integer('at').notNull(),
    /** A code of audit_event_names. */
    event: shortOrText('event').notNull(),
    /** 1: that of the row of the execution. */
    executionId: shortOrText('execution_id'),
    latencyMs: integer('latency_ms'),
    httpStatus: integer('http_status'),
    hash: shortOrText('hash').notNull(),
    /** Null, except in an import, where an id may have been used twice: those of the execution. */
    app: text('app'),
    actionId: text('action_id'),
    /** Null: that of an acceptance, which the row of the execution states. */
    detail: text('detail'),
  },
  (table) => [index('audit_rows_by_execution').on(table.execution)],
);

export const auditEventNames = sqliteTable('audit_event_names', {
  code: integer('code').primaryKey(),
  name: text('name').notNull(),
});

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

/**
 * The exports that a file was made from, for inspection, or the PostgreSQL database that its content was moved to. No receiver starts on
 * a file with a row here.
 */
export const imports = sqliteTable('imports', {
  id: integer('id').primaryKey(),
  file: text('file').notNull(),
  sha256: text('sha256').notNull(),
  rows: integer('rows').notNull(),
  importedAt: text('imported_at').notNull(),
});
