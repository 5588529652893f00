// The store on PostgreSQL: connects and assembles the parts that implement the roles of the port.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Execution } from '../../execution/execution.ts';
import { addressesIn } from '../../lib/database-url.ts';
import { within } from '../../lib/lifecycle.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { RemoteClock } from '../../lib/remote-clock.ts';
import type { World } from '../../lib/world.ts';
import type { AuditHead, Change, ExecutionReader, OthersListener } from '../port.ts';
import type { ReceiverStore, SharedParts } from '../receiver-store.ts';
import { MAX_LISTED_REPEATS } from '../shared/counted-repeats.ts';
import { movedEvent } from '../shared/moved-times.ts';
import { createPayloadReader } from '../shared/payloads.ts';
import { readsThrough } from '../shared/reads.ts';
import { createActivityLog } from './audit/activity.ts';
import { createPartitions } from './audit/partitions.ts';
import { createSummaries } from './audit/summaries.ts';
import { SELECT_BRIEF, type StoredRow, selectExecutionBy, toExecution } from './batch/aggregate.ts';
import { taskOn } from './batch/task.ts';
import { adoptCopy, prepareDatabase } from './connection/prepare.ts';
import { createReads, SIDE_SETTINGS } from './connection/reads.ts';
import { createRoom } from './connection/room.ts';
import { createSession, type Session } from './connection/session.ts';
import type { BatchResult } from './connection/statements.ts';
import { createTerms } from './connection/terms.ts';
import { applyEvent } from './executions/apply-event.ts';
import { createClockSteps } from './executions/clock-steps.ts';
import { createClockTimes } from './executions/clock-times.ts';
import { createDueWork } from './executions/due-work.ts';
import { createIncidents } from './executions/incidents.ts';
import { createIntake } from './executions/intake.ts';
import { createLeftQueue } from './executions/left-queue.ts';
import { createSendingPauses } from './executions/pauses.ts';
import { createQueueBounds } from './executions/queue-bounds.ts';
import { createSubmissionRates } from './executions/submission-rates.ts';
import { isReference } from './executions/uuid-bounds.ts';
import { createGroupCommit } from './group-commit.ts';
import { createLeaderChannel } from './leader/channel.ts';
import { createHints } from './others/hints.ts';
import { createJournal } from './others/journal.ts';
import { createEndpoints } from './outbox/endpoints.ts';
import { createOutbox } from './outbox/outbox.ts';
import { createAuditFeed, isLost, readHead } from './queries/audit.ts';
import { createExecutionList } from './queries/list.ts';
import { createObservations } from './queries/observations.ts';
import { createQueueMonitor } from './queries/queue.ts';
import { createStatistics } from './queries/statistics.ts';
import { createErasure } from './retention/erasure.ts';
import { createRetention } from './retention/retention.ts';
import { createMerging } from './rollups/merging.ts';
import { createRollupReader } from './rollups/read.ts';
import { createClockTurns } from './turns.ts';

/** How long the commits that are under way are awaited when the store is closed, in milliseconds. */
const LAST_COMMITS_MS = 5_000;

export interface PostgresStoreOptions {
  /** `postgres://…`; several hosts are allowed. */
  readonly url: string;
  readonly world: Pick<World, 'now' | 'elapsed' | 'sleep'>;
  readonly log: Log;
  /** The clock of the server, which each connection and each sign of life reads. */
  readonly clock?: Pick<RemoteClock, 'ask'>;
  /** Called after each commit with its number of decisions and its duration. */
  readonly observeCommit?: (batch: number, milliseconds: number) => void;
  /** Entries of one execution and one event after which repeats are counted; default: 100. */
  readonly listedRepeats?: number | undefined;
}

export type PostgresStore = Omit<ReceiverStore, 'shared' | 'file'> & SharedParts;

const BODIES = 'JOIN callback_bodies AS b ON b.execution = r.id JOIN audit_rows AS a ON a.id = b.audit_id';

// One function because it wires the parts of the store and lists the operations of the port.
/** @throws {DatabaseRefused} when the database cannot be used; the message states the cause and the remedy. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { url, world, log, listedRepeats = MAX_LISTED_REPEATS } = options;
  const addresses = addressesIn(url);
  const name = `cxone-callback-receiver ${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`;
  const { newestTime, isCopy, tables } = await prepareDatabase({ addresses, log, applicationName: name });
  const connecting = { addresses, log, applicationName: name, tables };

  const listeners = new Set<(changes: readonly Change[]) => void>();
  /** Each with whether it needs the next changes at once. */
  const othersListeners = new Map<OthersListener, () => boolean>();
  let head: AuditHead = { id: 0, hash: '' };
  const reads = createReads({ ...connecting, world });
  const side = createReads({ ...connecting, world, connections: 1, settings: SIDE_SETTINGS });
  const terms = createTerms(log);
  const room = createRoom(createSession({ ...options, connecting, unresponsive }, terms, reload));
  const { session } = room;
  const partitions = createPartitions(session);
  const ordering = withHints(session, () => hints.give('orders'));
  const pauses = createSendingPauses(reads, ordering);
  const knownHead = () => head.id;
  const left = createLeftQueue(session.all, log);
  const queue = createQueueBounds(session.all, knownHead);
  const writer = createGroupCommit({
    ...{ session, log, listedRepeats, queue, applied, knownHead },
    committed: (changes, entries) => {
      left.note(changes);
      journal.committed(changes, entries);
      if (entries !== null) hints.give('entries');
    },
    makeRoom: async () => partitions.ensure((await readHead(reads)).id, session.all),
    ...(options.observeCommit ? { observe: options.observeCommit } : {}),
  });
  /** By how much the clock was set, as far as due times have begun to move with it. */
  let setMs = 0;
  /** The last execution that had moved with the last step when that began; null for all. */
  let movedThrough: string | null = null;
  const movedSince = () => {
    const asked = setMs;
    return () => setMs - asked;
  };
  const clockTurns = () => createClockTurns(() => setMs);
  const [claims, deliveries, incidents] = [clockTurns(), clockTurns(), clockTurns()];
  const isAwaited = () => [...othersListeners.values()].some((isAwaitedBy) => isAwaitedBy());
  const hints = createHints({
    ...{ connecting, world, log },
    look: (query) => journal.catchUp(query),
    refresh: pauses.reload,
    changed: () => tell(othersListeners.keys(), null),
    isAwaited,
    handedOver: session.tryToLead,
  });
  const journal = createJournal({
    settled: writer.settled,
    own: (changes) => tell(listeners, changes),
    read: left.note,
    others: (changes) => tell(othersListeners.keys(), changes),
    missing: () => {
      if (isAwaited()) hints.wake();
    },
  });
  await session.opened();
  journal.begin(head.id);
  hints.start();

  /** What this receiver caches is read again with each connection: others may have written in between. */
  async function reload(all: Session['all']): Promise<void> {
    queue.reset();
    const known = head;
    head = await readHead(readsThrough(all));
    const seen = journal.through();
    // Others may have committed since it was read.
    if (head.id < seen) head = await readHead(readsThrough(all));
    // A promotion has lost entries: others get their ids.
    // promise: postgres/lost-entries-come-again
    if (head.id < seen || (await isLost(all, known))) journal.restart(head.id);
    await partitions.ensure(head.id, all);
    await pauses.reload(all);
  }

  function unresponsive(): void {
    // promise: postgres/unresponsive-host-is-left
    for (const connections of [reads, side, hints]) connections.reset();
  }

  function applied(result: BatchResult): void {
    if (result.head === null || result.hash === null) return;
    head = { id: result.head, hash: result.hash };
    partitions.reached(head.id);
  }

  async function handOver(last: () => Promise<void>): Promise<void> {
    const led = terms.current() !== null;
    terms.become(null);
    await session.handOver(last);
    if (led) hints.give('lead');
  }

  /** What others have committed last is in the head that is known after the end. */
  async function readLastHead(): Promise<void> {
    head = await readHead(reads);
  }

  async function unlessUnavailable(read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      log.debug(() => ({ reason: reasonOf(error) }), 'the last entries of the audit trail could not be read');
    }
  }

  function tell<News>(all: Iterable<(news: News) => void>, news: News): void {
    for (const listener of all) {
      try {
        listener(news);
      } catch (error) {
        log.error({ reason: reasonOf(error) }, 'a listener of the store failed');
      }
    }
  }

  async function findBy(column: 'correlation_id' | 'reference', value: string): Promise<Execution | undefined> {
    const row = await reads.first<StoredRow>(selectExecutionBy(column), [value], `find_by_${column}`);
    return row && toExecution(row);
  }

  const findBrief: ExecutionReader['findBrief'] = async (correlationId) => {
    type BriefRow = StoredRow & { readonly outcome_bytes: number };
    const row = await reads.first<BriefRow>(SELECT_BRIEF, [correlationId], 'find_brief');
    return row && { execution: toExecution(row), outcomeBytes: row.outcome_bytes };
  };
  const find: ExecutionReader['find'] = (correlationId) => findBy('correlation_id', correlationId);
  const findByReference: ExecutionReader['findByReference'] = async (reference) =>
    isReference(reference) ? findBy('reference', reference) : undefined;

  return {
    ...createIntake({ writer, find, findByReference, movedSince }),
    ...createDueWork({ reads, writer, listedRepeats, paused: pauses.paused, left, inTurn: claims }),
    ...pauses.port,
    ...createIncidents(reads, ordering, incidents),
    ...createEndpoints({ reads, session: ordering, writer }),
    ...createOutbox({ reads, writer, inTurn: deliveries }),
    ...createSubmissionRates(side),
    leaderChannel: createLeaderChannel(side, session),
    ...createQueueMonitor(reads),
    ...createAuditFeed(reads),
    ...createExecutionList(reads),
    ...createClockSteps({
      ...{ session, terms, world, log },
      alone: (work) => claims(() => deliveries(work)),
      between: (work) => incidents(() => writer.between(work)),
      begun: (ms, { isLast, reference }) => {
        setMs += ms;
        movedThrough = isLast ? null : reference;
      },
    }),
    ...createClockTimes(reads, session, { verifyRoom: room.verify, upkeep: createMerging(session, world) }),
    ...createActivityLog(reads, session),
    ...createSummaries({ reads, writer }),
    ...createObservations(reads),
    ...createStatistics(reads),
    ...createRollupReader(reads),
    ...createRetention({ reads, session, writer }),
    ...createErasure({ reads, writer }),
    // PostgreSQL's own checkpoints and vacuum remove what was overwritten.
    // The server keeps earlier versions of rows until it vacuums.
    emptyWal: async () => false,
    payloads: createPayloadReader(reads, BODIES),
    find,
    findBrief,
    findByReference,
    record: (reference, event, now) => {
      const movedMs = movedSince();
      return writer.mutate(
        taskOn(reference, (part) => {
          // promise: postgres/event-across-a-step-has-the-new-clock
          const ms = movedThrough === null || reference <= movedThrough ? movedMs() : 0;
          const change = applyEvent(part, movedEvent(event, ms), now + ms, listedRepeats);
          return { value: change, changes: [change], part };
        }),
      );
    },
    head: () => (session.state() === 'closed' ? Promise.resolve(head) : readHead(reads)),
    watch: (listener: (changes: readonly Change[]) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    watchOthers: (listener: OthersListener, isAwaitedBy = () => true) => {
      othersListeners.set(listener, isAwaitedBy);
      return () => void othersListeners.delete(listener);
    },
    newestTime,
    isRestoredBackup: isCopy,
    adoptBackup: (hold) => adoptCopy(connecting, hold),
    unavailable: () => (session.state() === 'active' ? room.problem() : session.reason()),
    leadership: { leads: session.leads, term: terms.current, watch: terms.watch, handOver },
    close: async () => {
      const committed = writer.close();
      // A commit that is in doubt waits for the database, which may not return.
      await within(world, committed, world.elapsed() + LAST_COMMITS_MS);
      await unlessUnavailable(readLastHead);
      await session.close();
      await committed;
      // It waits for the commit that is under way, too.
      await hints.close();
      // promise: postgres/last-changes-are-reported
      await unlessUnavailable(() => journal.finish((text, values, name) => reads.all(text, values, name)));
      await Promise.all([reads.close(), side.close()]);
    },
  };
}

/** The session with hints to other receivers after each write. */
function withHints(session: Session, give: () => void): Pick<Session, 'write' | 'writeAsLeader'> {
  return {
    write: async (statement, values) => {
      const result = await session.write<never>(statement, values);
      give();
      return result;
    },
    writeAsLeader: session.writeAsLeader,
  };
}
