// The one writer: gathers mutations until the event loop is quiet and commits them together, so that an fsync serves many.

import type { Database, Statement } from 'better-sqlite3';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import { StoreUnavailable } from '../port.ts';

/**
 * A batch is committed at the latest when it holds so many mutations, or when its first one has waited so long. One that
 * weighs as much as many fills a batch as they would.
 */
const MAX_BATCH = 256;
const MAX_GATHER_MS = 2;

/**
 * So many turns of the event loop without a new mutation are quiet. Node accepts one connection a turn and reads from it in the
 * next, so where each request has a connection of its own, a single turn without one means little.
 */
const QUIET_TURNS = 3;

/** Past so many waiting mutations new ones are turned away. */
const QUEUE_LIMIT = 20_000;

/** Another process holds the write lock: how long to let it, without blocking the event loop. */
const BUSY_RETRY_MS = 50;
const BUSY_RETRIES = 60;

export interface Mutation<T, C> {
  readonly value: T;
  /** What the listeners hear once it is committed. */
  readonly changes: readonly C[];
}

export interface MutationOptions {
  /** How many ordinary mutations it is worth. */
  readonly weight?: number;
  /** In the ordinary course of things it may throw, to take back what it did. */
  readonly expectRollback?: boolean;
}

export interface Writer<C> {
  /**
   * Runs `work` inside the next transaction and settles only after COMMIT. What it throws rejects this promise alone; others of
   * its batch may be run again for that, from the start, so that nothing may stay of a run but what it did to the database.
   * @throws {StoreUnavailable} when nothing was committed.
   */
  mutate<T>(work: () => Mutation<T, C>, manner?: MutationOptions): Promise<T>;
  /** Commits what is waiting, then turns everything away. */
  close(): Promise<void>;
}

export interface WriterOptions<C> {
  readonly world: Pick<World, 'sleep'>;
  /** Called after each commit, in commit order. */
  readonly committed: (changes: readonly C[]) => void;
  /** Something was rolled back: whatever is remembered of the database must be read again. */
  readonly rolledBack: () => void;
  /** The disk is full: the batch was turned away. */
  readonly full?: () => void;
  /** The disk failed in a way after which nobody knows what is on it: the process must end without acknowledging. */
  readonly fatal: (error: unknown) => void;
  /** After each commit: how many mutations it held and how long it took. */
  readonly observe?: (batch: number, milliseconds: number) => void;
}

interface Waiting<C> extends Required<MutationOptions> {
  readonly work: () => Mutation<unknown, C>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type BatchResult = 'committed' | 'busy' | 'fatal';

export function createGroupCommit<C>(db: Database, options: WriterOptions<C>): Writer<C> {
  const sql = prepare(db);
  let waiting: Waiting<C>[] = [];
  let gathering: Promise<void> | null = null;
  let closed = false;

  async function gather(): Promise<void> {
    const began = performance.now();
    for (let seen = waiting.length, quiet = 0; quiet < QUIET_TURNS; seen = waiting.length) {
      if (seen >= MAX_BATCH || performance.now() - began >= MAX_GATHER_MS) break;
      await yieldToEventLoop();
      quiet = waiting.length > seen ? 0 : quiet + 1;
    }
    await flush();
    gathering = waiting.length > 0 ? gather() : null;
  }

  async function flush(): Promise<void> {
    const size = batchSize(waiting);
    const batch = waiting.slice(0, size);
    waiting = waiting.slice(size);
    let result = commit(batch);
    for (let tries = 0; result === 'busy' && tries < BUSY_RETRIES; tries += 1) {
      await options.world.sleep(BUSY_RETRY_MS);
      result = commit(batch);
    }
    if (result === 'busy') rejectAll(batch, new StoreUnavailable('the database is locked by another process'));
  }

  /**
   * A savepoint for each mutation costs a tenth of a submission, as SQLite then copies every page before it is written. So only
   * those that may well throw have one, and when another one throws, all are run again with one each (`guarded`).
   */
  function commit(batch: readonly Waiting<C>[], guarded = false): BatchResult {
    const began = performance.now();
    const changes: C[] = [];
    let settle: readonly (() => void)[];
    try {
      sql.begin.run();
    } catch (error) {
      return refused(batch, error);
    }
    try {
      settle = runAll(batch, changes, guarded);
      // promise: commit-before-response
      sql.commit.run();
    } catch (error) {
      if (!undone()) return 'fatal';
      // promise: unexpected-failure-alone-fails
      return guarded || concernsTheStore(error) ? refused(batch, error) : commit(batch, true);
    }
    options.observe?.(batch.length, performance.now() - began);
    // promise: responses-after-commit
    for (const done of settle) done();
    if (changes.length > 0) options.committed(changes);
    return 'committed';
  }

  /** Rolls back what a failure left open. When even that fails, nobody knows what is on the disk. */
  function undone(): boolean {
    try {
      if (db.inTransaction) sql.rollback.run();
      options.rolledBack();
      return true;
    } catch (error) {
      giveUp(error);
      return false;
    }
  }

  /** What waits is never settled: the process ends. */
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

  /** Runs one mutation; returns how to settle it after the commit. */
  function run(mutation: Waiting<C>, changes: C[]): () => void {
    const { value, changes: its } = mutation.work();
    changes.push(...its);
    return () => mutation.resolve(value);
  }

  /** The same under a savepoint. Throws only what ends the whole batch. */
  function attempt(mutation: Waiting<C>, changes: C[]): () => void {
    sql.savepoint.run();
    try {
      const settle = run(mutation, changes);
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

  function refused(batch: readonly Waiting<C>[], error: unknown): BatchResult {
    const code = codeOf(error);
    if (code.startsWith('SQLITE_BUSY')) return 'busy';
    // promise: fsync-failure-is-fatal
    if (code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CORRUPT')) {
      giveUp(error);
      return 'fatal';
    }
    if (code.startsWith('SQLITE_FULL')) options.full?.();
    rejectAll(batch, new StoreUnavailable(`the database does not take writes: ${reasonOf(error)}`, { cause: error }));
    return 'committed';
  }

  return {
    mutate: (work, { weight = 1, expectRollback = false } = {}) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new StoreUnavailable('the store is closed'));
        if (waiting.length >= QUEUE_LIMIT) return reject(new StoreUnavailable('too many writes are waiting'));
        waiting.push({
          work,
          weight,
          expectRollback: expectRollback,
          resolve: resolve as (value: unknown) => void,
          reject,
        });
        gathering ??= gather();
      }),
    close: async () => {
      closed = true;
      while (gathering) await gathering;
    },
  };
}

/** How many of those that wait go into one transaction: at least one, whatever it weighs. */
function batchSize(waiting: readonly Waiting<unknown>[]): number {
  let weight = 0;
  const tooMany = waiting.findIndex((mutation, index) => {
    weight += mutation.weight;
    return index > 0 && weight > MAX_BATCH;
  });
  return tooMany === -1 ? waiting.length : tooMany;
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

/** SQLite's result code of an error it raised, else the empty text. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Errors that tell of the disk or the file, not of the one mutation that met them. */
function concernsTheStore(error: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|CORRUPT|BUSY|LOCKED|READONLY|CANTOPEN|NOMEM|PROTOCOL)/.test(codeOf(error));
}
