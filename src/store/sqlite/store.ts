// The store on SQLite: opens the database and assembles the parts that implement the roles of the port.

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AuditDraft } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { withoutContent } from '../../execution/reduced-detail.ts';
import type { Log } from '../../lib/log.ts';
import { reasonOf } from '../../lib/log.ts';
import { runAtOnce, type Steps } from '../../lib/steps.ts';
import type { World } from '../../lib/world.ts';
import { type Change, type Store, StoreUnavailable } from '../port.ts';
import type { DatabaseFile } from '../receiver-store.ts';
import { toAuditEntry } from '../shared/audit-rows.ts';
import { createBacklog } from '../shared/backlog.ts';
import { createPayloadReader } from '../shared/payloads.ts';
import type { ClockStep } from '../upkeep-port.ts';
import { createActivityLog } from './audit/activity.ts';
import { type AuditTrail, createAuditTrail } from './audit/append.ts';
import { auditRow } from './audit/entry-rows.ts';
import { createRepeats } from './audit/repeats.ts';
import { withRequestId } from './audit/request-attribution.ts';
import { createSummaries } from './audit/summaries.ts';
import { afterWrittenRows } from './executions/appended-rows.ts';
import { createBehindPaused } from './executions/behind-paused.ts';
import { createDueSelection } from './executions/claim-due.ts';
import { createClaims } from './executions/claims.ts';
import { createClockStepReader, createClockTimes, newestTime } from './executions/clock-times.ts';
import { createIncidents } from './executions/incidents.ts';
import { createAcceptance, createInsertion } from './executions/insert.ts';
import { createQueueMonitor } from './executions/open-counts.ts';
import { createPausedQueue, createSendingPauses } from './executions/pauses.ts';
import { createRecords } from './executions/records.ts';
import { createResubmission } from './executions/resubmit.ts';
import { createUnknownWords } from './executions/unknown-words.ts';
import { type CheckpointOptions, createCheckpointer } from './file/checkpoint/checkpointer.ts';
import { copiesBeside } from './file/copies.ts';
import { withFileError } from './file/database-refused.ts';
import { PRIVATE_MODE } from './file/file-mode.ts';
import { auditGaps } from './file/id-gaps.ts';
import { markPlaced, noteQueueHeld, type Restored } from './file/identity.ts';
import { logOpening } from './file/log-opening.ts';
import { type OpenDatabase, openInSteps } from './file/open.ts';
import { createLossCheck } from './file/rescue.ts';
import { type UpgradeOptions, upgradeWithBackup } from './file/upgrade.ts';
import { createGroupCommit, unchanged } from './group-commit.ts';
import { createEndpoints } from './outbox/endpoints.ts';
import { createOutbox } from './outbox/outbox.ts';
import { createLongReads, longReadPort } from './queries/long-reads.ts';
import { createObservations } from './queries/observations.ts';
import { createReaderThread } from './queries/reader-thread.ts';
import { createReads } from './queries/reads.ts';
import { createStatistics } from './queries/statistics.ts';
import { createErasure } from './retention/erase.ts';
import { createPayloadStripping } from './retention/prune-payloads.ts';
import { createRetention } from './retention/retention.ts';
import { createRollupCounts } from './rollups/count.ts';
import { createRollupReader } from './rollups/read.ts';
import { prepareStatements } from './statements.ts';

export interface SqliteStoreOptions extends Pick<UpgradeOptions, 'isCopy' | 'upgradeDisplay'> {
  readonly path: string;
  readonly world: Pick<World, 'now' | 'elapsed' | 'sleep'>;
  readonly log: Log;
  /** Called after a disk failure that leaves the content of the file unknown: end the process without an acknowledgement. */
  readonly fatal: (error: unknown) => void;
  /** Called after each commit with its number of mutations and its duration. */
  readonly observeCommit?: (batch: number, milliseconds: number) => void;
  /** Copies the write-ahead log beside the writer; default: SQLite does it within commits. */
  readonly checkpoints?: CheckpointOptions | undefined;
  /** Entries of one execution and one event after which repeats are counted; default: 100. */
  readonly listedRepeats?: number | undefined;
  /** Mode of every file that belongs to the database; default: 0600. */
  readonly mode?: number;
  /** True for a receiver that has the process to itself: long reads then run on a thread. */
  readonly readerThread?: boolean | undefined;
  /** Turns of the event loop for which a commit waits for more mutations; default: 3, or 8 under load. With 0, each is committed at once. */
  readonly quietTurns?: number;
}

export interface SqliteStore extends Store, DatabaseFile {
  /** Not null when the file turned out to be a copy of an older state. */
  readonly restored: Restored | null;
  /** The newest time that a receiver wrote before this start, milliseconds; null if none did. */
  readonly newestTime: number | null;
  /** Whether the queue may have been sent since the file was copied, and is not held yet. */
  readonly isQueueUnheld: boolean;
  /** Notes that the queue is held, or may be sent. */
  noteQueueHeld(): Promise<void>;
  /** Marks the file, a copy, as the one that the next start takes over as it is. */
  markPlaced(): void;
}

const BODIES = 'JOIN audit_rows AS a ON a.execution = r.id JOIN callback_bodies AS b ON b.audit_id = a.id';

/** Bytes that must be free before the store reports that it can write again after the disk was full. */
const ROOM_AFTER_FULL_BYTES = 1024 * 1024;

/**
 * Opens the file at `path`, and upgrades it first if an older version wrote it.
 * @throws {DatabaseRefused} when it cannot be used; the message states the cause and the remedy.
 */
export function createSqliteStore(options: SqliteStoreOptions): SqliteStore {
  return runAtOnce(openStoreInSteps(options));
}

/** Only an upgrade has steps. Ended between two of them, the next start continues it. @throws {DatabaseRefused} */
export function* openStoreInSteps(options: SqliteStoreOptions): Steps<SqliteStore> {
  const { mode = PRIVATE_MODE, world } = options;
  return storeOn(yield* openInSteps(options.path, upgradeWithBackup(options), { mode, now: world.now }), options);
}

/** Returns the store on a database that is open. One function because it wires the parts and lists the operations of the port. */
export function storeOn(database: OpenDatabase, options: SqliteStoreOptions): SqliteStore {
  const { mode = PRIVATE_MODE, world, log } = options;
  const { client, file, restored, isQueueUnheld, watch } = database;
  logOpening(database, log);
  const checkFile = createLossCheck({ client, file, watch, mode, world, log, lockPath: `${file}.lock` });
  const sql = prepareStatements(client);
  const gaps = auditGaps(client);
  const listeners = new Set<(changes: readonly Change[]) => void>();

  // These parts cache values between transactions, as only this process writes; `reload` reads them again after a rollback.
  const repeats = createRepeats(client, sql.rows, options.listedRepeats);
  const trail = createAuditTrail(sql, repeats, gaps.at(-1)?.next);
  const paused = createPausedQueue(client);
  const behind = createBehindPaused(client, () => paused.actions);
  const backlog = createBacklog((before, after) => {
    paused.update(before, after);
    behind.update(after);
  });
  const due = createDueSelection(client, { backlog, paused, behind });
  const times = createClockTimes(client);
  const lastClockStep = createClockStepReader(client);
  const newest = () => trail.head().id;
  const near = createLongReads(client, newest);
  const rollups = createRollupCounts(client, sql.rows);
  const thread = options.readerThread ? createReaderThread({ file, lost: checkFile, log }) : null;
  let wasFull = false;
  const fullDisk = () => (wasFull && freeBytes(file) < ROOM_AFTER_FULL_BYTES ? 'the disk is full' : null);
  try {
    withFileError(options.path, reload);
  } catch (error) {
    database.close();
    throw error;
  }

  const groupCommit = createGroupCommit<Change>(database.client, {
    world: options.world,
    committed: notifyListeners,
    // Behind the responses, which microtasks of this turn write.
    afterCommit: () => void setImmediate(() => checkpoints.committed()),
    rolledBack: () => {
      reload();
      // A rollback to a savepoint leaves a step of the same transaction.
      // promise: rolled-back-step-moves-nothing
      if (!client.inTransaction) claims.undo();
    },
    flush: () => {
      sql.rows.write();
      rollups.flush();
    },
    full: () => {
      wasFull = true;
    },
    lost: checkFile,
    fatal: options.fatal,
    ...(options.quietTurns === undefined ? {} : { quietTurns: options.quietTurns }),
    ...(options.observeCommit ? { observe: options.observeCommit } : {}),
  });
  const appending = withRequestId(groupCommit);
  const writer = afterWrittenRows(appending, sql.rows);
  const checkpoints = createCheckpointer({ client, writer: groupCommit, world, log }, options.checkpoints);

  const storable = (execution: Execution, draft: AuditDraft) =>
    execution.erasedAt === null ? draft : withoutContent(draft);
  const append: AuditTrail['append'] = (stored, draft, now) =>
    trail.append(stored, storable(stored.execution, draft), now);
  const accept = createAcceptance(sql, { backlog, append, rollups });
  const words = createUnknownWords(database.client);
  const claims = createClaims(writer);
  const outbox = createOutbox(database.client, { writer, claims, stored: sql.byReference, append });

  const erasure = createErasure(client, {
    ...{ writer, checkpoints, stored: sql.byReference, trail },
    ...{ giveUpPending: outbox.giveUpPending, uncountWord: words.uncount },
  });

  function reload(): void {
    sql.rows.discard();
    trail.reload();
    rollups.reload();
    backlog.reset(sql.queued.all(), sql.polled.all(), sql.pollable.get() ?? 0);
    paused.reload();
    behind.reset();
  }

  function moveTimes(step: ClockStep): void {
    times.move(step);
    behind.reset();
  }

  function notifyListeners(changes: readonly Change[]): void {
    for (const listener of listeners) {
      try {
        listener(changes);
      } catch (error) {
        options.log.error({ reason: reasonOf(error) }, 'a listener of the store failed');
      }
    }
  }

  return {
    ...outbox.port,
    ...createRetention(client, sql, { writer, checkpoints, rollups }),
    ...createQueueMonitor(database.client, sql, backlog),
    ...createObservations(database.client),
    ...createStatistics(database.client),
    ...createRollupReader(client),
    ...createActivityLog(client, writer),
    ...createIncidents(client, writer, claims),
    ...createSendingPauses({ writer, backlog, paused, resumed: behind.reset }),
    ...createEndpoints(client, writer),
    ...longReadPort({ near, far: thread?.reads ?? near, newest }),
    ...erasure,
    emptyWal: () => (thread === null ? erasure.emptyWal() : thread.paused(erasure.emptyWal)),
    ...createSummaries({ writer, repeats, summarize: trail.summarize, stored: sql.byCorrelationId }),
    ...createInsertion(sql, { writer: appending, accept, claims }),
    ...createResubmission(sql, { writer, accept, append, claims }),
    ...createRecords(sql, {
      ...{ claims, appending, backlog, due, paused, moveTimes, enqueue: outbox.enqueue },
      append: (before, after, draft, now) => {
        const entry = append(after, draft, now);
        rollups.change(before, after, entry);
        return entry;
      },
      count: (before, after, given, now) => {
        const draft = storable(after.execution, given);
        return repeats.count(before, after, draft, now) ? trail.counted(after, draft, now) : undefined;
      },
      strip: createPayloadStripping(database.client),
      countWord: words.count,
    }),

    find: async (correlationId) => sql.byCorrelationId(correlationId)?.execution,
    findBrief: async (correlationId) => {
      const found = sql.acceptedByCorrelationId(correlationId);
      return found && { execution: found.execution, outcomeBytes: sql.outcomeBytes(found) };
    },
    findByReference: async (reference) => sql.byReference(reference)?.execution,
    trail: async (correlationId) => sql.trail.all(correlationId).map((values) => toAuditEntry(auditRow(values))),
    payloads: createPayloadReader(createReads(client), BODIES),
    countHistory: (limit) => writer.mutate(() => unchanged(rollups.countHistory(limit))),
    head: async () => trail.head(),
    lastClockStep: async () => lastClockStep(),
    unavailable: fullDisk,
    ping: async (now) => {
      const movedMs = claims.movedSince();
      // The heartbeat may still fit where an execution no longer does.
      const full = fullDisk();
      if (full !== null) throw new StoreUnavailable(full);
      await writer.mutate(() => {
        // A time of the old clock, noted behind the step, would look like another step at the next start.
        // promise: heartbeat-across-a-step-has-the-new-clock
        times.beat(now + movedMs());
        return unchanged(undefined);
      });
      wasFull = false;
    },
    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    // The file has one receiver.
    watchOthers: () => () => {},
    databasePath: file,
    restored,
    isQueueUnheld,
    noteQueueHeld: () => writer.mutate(() => unchanged(noteQueueHeld(client))),
    newestTime: newestTime(client),
    checkFile,
    checkpointsBlockedMs: checkpoints.blockedMs,
    copies: () => copiesBeside(file),
    markPlaced: () => markPlaced(file, client),

    close: async () => {
      await writer.close();
      // The last connection that closes empties the WAL.
      await thread?.close();
      // promise: checkpoints-end-before-the-file-closes
      await checkpoints.close();
      database.close();
    },
  };
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}
