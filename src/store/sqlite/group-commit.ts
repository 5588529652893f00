// The only writer of the database: commits mutations in groups, so that one fsync serves many.
//
// A batch passes four phases:
// - gather: mutations are queued until the event loop is quiet, the batch is full or MAX_GATHER_MS have passed.
// - run: all mutations of the batch run in one transaction; those that may roll back run under a savepoint of their own.
// - commit: while another process holds the write lock, run and commit are retried. An I/O error ends the process. No commit begins
//   while the rest of the write-ahead log is copied (`hold`).
// - settle: only now are the promises settled and the listeners called.

import type { Database, Statement } from 'better-sqlite3';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { within } from '../../lib/lifecycle.ts';
import { reasonOf } from '../../lib/log.ts';
import { takeBatch } from '../../lib/take-batch.ts';
import type { World } from '../../lib/world.ts';
import { StoreUnavailable } from '../port.ts';
import { codeOf, concernsTheStore, isDiskFailure } from './file/result-codes.ts';

/** Maximum weight of a batch, the sum of the weights of its mutations, and of the bytes of those that write much. */
const MAX_BATCH = 256;
const MAX_BATCH_BYTES = 256 * 1024;
/** Only while mutations arrive in nearly every turn. Node needs some 5 ms to accept 64 connections and to read their requests. */
const MAX_GATHER_MS = 8;
/**
 * Turns of the event loop without a new mutation after which the loop counts as quiet. More than one: Node accepts one
 * connection per turn and reads from it in the next, so requests on separate connections arrive in every other turn.
 */
const QUIET_TURNS = 3;
/** Shortly after a batch of several: the clients that it answered connect again one after the other. A turn takes microseconds. */
const QUIET_TURNS_UNDER_LOAD = 8;

/** Maximum of mutations that wait; more are rejected. */
const MAX_WAITING = 20_000;

/** Retries while another process holds the write lock, without blocking the event loop. */
const BUSY_RETRY_MS = 50;
const BUSY_RETRIES = 60;

/** Commits wait no longer for a hold: on a disk that slow, the log rather grows. */
const MAX_HOLD_MS = 1_000;

export interface Mutation<T, C> {
  readonly value: T;
  /** Passed to `committed` after the commit. */
  readonly changes: readonly C[];
}

export interface MutationOptions {
  /** Counts as this many mutations when a batch is filled; default 1. */
  readonly weight?: number;
  /** Bytes that it writes, about, if it writes much; default 0. Mutations that write little then come before it. */
  readonly bytes?: number;
  /** Expected to throw in normal operation in order to roll back its own changes; runs under a savepoint. */
  readonly expectRollback?: boolean;
  /** Nothing else is on the way to its batch: it is committed at once, unless a batch of several came just before. */
  readonly isAlone?: boolean;
}

export interface Writer<C> {
  /**
   * Runs `work` inside the next transaction and settles only after COMMIT. An error of `work` rejects only this promise. The
   * batch is then run again, so `work` must have no effects outside the database.
   * @throws {StoreUnavailable} when nothing was committed.
   */
  mutate<T>(work: () => Mutation<T, C>, options?: MutationOptions): Promise<T>;
  /** Lets no transaction begin until `work` has settled, but for a second at most. Its errors are those of the caller. */
  hold(work: Promise<unknown>): Promise<void>;
  /** Reports a failure of the disk as fatal, and settles nothing any more. */
  giveUp(error: unknown): void;
  /** Rejects new mutations and commits those that wait. */
  close(): Promise<void>;
}

export interface WriterOptions<C> {
  readonly world: Pick<World, 'elapsed' | 'sleep'>;
  /** Called after each commit, in commit order. */
  readonly committed: (changes: readonly C[]) => void;
  /** Called after each commit and its listeners. */
  readonly afterCommit?: () => void;
  /** Called after a rollback: values cached from the database must be read again. */
  readonly rolledBack: () => void;
  /** Writes what the mutations of the transaction left to be written together. Called before its commit and around each savepoint. */
  readonly flush?: () => void;
  /** Called when the disk is full and the batch was rejected. */
  readonly full?: () => void;
  /** Called after a disk failure that leaves the content of the file unknown: the process must end without an acknowledgement. */
  readonly fatal: (error: unknown) => void;
  /** Called before each transaction. Returns why the file cannot be used any more; null while it can. */
  readonly lost?: () => string | null;
  /** Called after each commit with its number of mutations and its duration. */
  readonly observe?: (batch: number, milliseconds: number) => void;
  /** Turns of the event loop without a new mutation after which a batch is complete; default: 3, and 8 shortly after a batch of several. */
  readonly quietTurns?: number;
}

interface Waiting<C> extends Required<Omit<MutationOptions, 'isAlone'>> {
  readonly work: () => Mutation<unknown, C>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type BatchResult = 'committed' | 'busy' | 'fatal';

/** The result of a mutation without changes to report. */
export function unchanged<T>(value: T): Mutation<T, never> {
  return { value, changes: [] };
}

// One function because the steps of a commit share one queue and one transaction.
export function createGroupCommit<C>(db: Database, options: WriterOptions<C>): Writer<C> {
  const { world, quietTurns = QUIET_TURNS } = options;
  const underLoad = options.quietTurns ?? QUIET_TURNS_UNDER_LOAD;
  const sql = prepare(db);
  let waiting: Waiting<C>[] = [];
  let gathering: Promise<void> | null = null;
  let held: Promise<void> | null = null;
  let closed = false;
  let underLoadUntil = Number.NEGATIVE_INFINITY;

  function turnsFor(isAlone: boolean): number {
    if (world.elapsed() < underLoadUntil) return underLoad;
    // promise: lone-write-is-committed-at-once
    return isAlone ? 0 : quietTurns;
  }

  async function gather(isAlone = false): Promise<void> {
    const [began, enough] = [world.elapsed(), turnsFor(isAlone)];
    for (let seen = waiting.length, quiet = 0; quiet < enough; seen = waiting.length) {
      if (seen >= MAX_BATCH || world.elapsed() - began >= MAX_GATHER_MS) break;
      await yieldToEventLoop();
      quiet = waiting.length > seen ? 0 : quiet + 1;
    }
    while (held) await held;
    await flush();
    gathering = waiting.length > 0 ? gather() : null;
  }

  async function flush(): Promise<void> {
    const { batch, rest } = takeBatch(waiting, { weight: MAX_BATCH, bytes: MAX_BATCH_BYTES });
    waiting = [...rest];
    let result = commitUnlessLost(batch);
    for (let tries = 0; result === 'busy' && tries < BUSY_RETRIES; tries += 1) {
      await world.sleep(BUSY_RETRY_MS);
      while (held) await held;
      result = commitUnlessLost(batch);
    }
    if (result === 'busy') rejectAll(batch, new StoreUnavailable('the database is locked by another process'));
    underLoadUntil = batch.length > 1 ? world.elapsed() + MAX_GATHER_MS : Number.NEGATIVE_INFINITY;
  }

  function commitUnlessLost(batch: readonly Waiting<C>[]): BatchResult {
    // promise: lost-file-takes-no-commit
    const lost = options.lost?.() ?? null;
    if (lost === null) return commit(batch);
    rejectAll(batch, new StoreUnavailable(lost));
    return 'committed';
  }

  /**
   * A savepoint per mutation costs a tenth of a submission, as SQLite then copies each page before it writes it. Only mutations
   * that expect a rollback have one. When another mutation throws, the batch is run again with a savepoint for each (`guarded`).
   */
  function commit(batch: readonly Waiting<C>[], guarded = false): BatchResult {
    const began = performance.now();
    const changes: C[] = [];
    let settle: readonly (() => void)[];
    try {
      sql.begin.run();
    } catch (error) {
      return refuse(batch, error);
    }
    try {
      settle = runAll(batch, changes, guarded);
      // promise: rollups-commit-with-what-they-count
      options.flush?.();
      // promise: commit-before-response
      sql.commit.run();
    } catch (error) {
      if (!rollBack()) return 'fatal';
      // promise: unexpected-failure-alone-fails
      return guarded || concernsTheStore(error) ? refuse(batch, error) : commit(batch, true);
    }
    options.observe?.(batch.length, performance.now() - began);
    // promise: responses-after-commit
    for (const settleOne of settle) settleOne();
    if (changes.length > 0) options.committed(changes);
    options.afterCommit?.();
    return 'committed';
  }

  /** Returns false when the rollback fails: the content of the disk is then unknown. */
  function rollBack(): boolean {
    try {
      if (db.inTransaction) sql.rollback.run();
      options.rolledBack();
      return true;
    } catch (error) {
      giveUp(error);
      return false;
    }
  }

  /** Leaves the waiting mutations unsettled, because the process ends. */
  function giveUp(error: unknown): void {
    closed = true;
    waiting = [];
    options.fatal(error);
  }

  function runAll(batch: readonly Waiting<C>[], changes: C[], guarded: boolean): (() => void)[] {
    return batch.map((mutation) =>
      guarded || mutation.expectRollback ? attempt(mutation, changes) : run(mutation, changes),
    );
  }

  /** Runs one mutation. Returns a function that settles it after the commit. */
  function run(mutation: Waiting<C>, changes: C[]): () => void {
    const result = mutation.work();
    changes.push(...result.changes);
    return () => mutation.resolve(result.value);
  }

  /** Runs one mutation under a savepoint. Throws only errors that end the whole batch. */
  function attempt(mutation: Waiting<C>, changes: C[]): () => void {
    // A rollback to the savepoint discards only what follows it.
    options.flush?.();
    sql.savepoint.run();
    try {
      const settle = run(mutation, changes);
      // promise: late-write-fails-alone
      options.flush?.();
      sql.release.run();
      return settle;
    } catch (error) {
      // promise: one-bad-write-alone-fails
      if (!db.inTransaction || concernsTheStore(error)) throw error;
      sql.rollbackTo.run();
      sql.release.run();
      options.rolledBack();
      return () => mutation.reject(error);
    }
  }

  function refuse(batch: readonly Waiting<C>[], error: unknown): BatchResult {
    const code = codeOf(error);
    if (code.startsWith('SQLITE_BUSY')) return 'busy';
    // promise: fsync-failure-is-fatal
    if (isDiskFailure(error)) {
      giveUp(error);
      return 'fatal';
    }
    if (code.startsWith('SQLITE_FULL')) options.full?.();
    rejectAll(batch, new StoreUnavailable(`the database does not take writes: ${reasonOf(error)}`, { cause: error }));
    return 'committed';
  }

  return {
    mutate: (work, { weight = 1, bytes = 0, expectRollback = false, isAlone = false } = {}) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new StoreUnavailable('the store is closed'));
        if (waiting.length >= MAX_WAITING) return reject(new StoreUnavailable('too many writes are waiting'));
        waiting.push({ work, weight, bytes, expectRollback, resolve: resolve as (value: unknown) => void, reject });
        // promise: write-of-a-write-follows-it
        gathering ??= Promise.resolve(isAlone).then(gather);
      }),
    hold: async (work) => {
      const released = Promise.withResolvers<void>();
      held = released.promise;
      const settled = work.then(
        () => {},
        () => {},
      );
      await within(world, settled, world.elapsed() + MAX_HOLD_MS);
      held = null;
      released.resolve();
    },
    giveUp,
    close: async () => {
      closed = true;
      while (gathering) await gathering;
    },
  };
}

function rejectAll<C>(batch: readonly Waiting<C>[], error: StoreUnavailable): void {
  for (const { reject } of batch) reject(error);
}

function prepare(
  db: Database,
): Record<'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'rollbackTo', Statement> {
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
    savepoint: db.prepare('SAVEPOINT mutation'),
    release: db.prepare('RELEASE mutation'),
    rollbackTo: db.prepare('ROLLBACK TO mutation'),
  };
}
