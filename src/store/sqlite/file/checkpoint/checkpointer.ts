// Decides when frames of the write-ahead log are copied into the database, and lets the log start again.
//
// Short passes beside the writer follow the log: commits wait longer for the disk and the processor beside a long one. Small commits have a
// pass only when a round is due: each pass delays one or two of them, and all others are as short as before.
//
// The writer starts the log again at its beginning when everything in it is in the database and no reader is in it. Under load that
// moment never comes by itself, because each pass leaves what was committed meanwhile. Hence a round has two steps: passes beside
// the writer copy nearly everything, and then a short one copies the rest while no transaction begins.

import type { Database } from 'better-sqlite3';
import { type Log, reasonOf } from '../../../../lib/log.ts';
import { createSampledWarning } from '../../../../lib/log-throttle.ts';
import type { World } from '../../../../lib/world.ts';
import type { Writer } from '../../group-commit.ts';
import { setAndReadBack } from '../pragma.ts';
import { codeOf, isDiskFailure } from '../result-codes.ts';
import type { Passes } from './passes.ts';

/** Frames in the log at which a round begins. A quarter of this was slower in each measurement, and four times as much not faster. */
const DUE_FRAMES = 4_000;

/** Frames since the last pass at which the next one begins, before a round is due: as many as SQLite copies at once by default. */
const PASS_FRAMES = 1_000;

/** Frames of a commit, on average, from which on passes follow the log. A callback that is committed alone writes 8.5. */
const SMALL_FRAMES = 16;

/** Maximum of frames that are left for the pass while no transaction begins, as far as MAX_PASSES passes beside the writer allow. */
const MAX_HELD_FRAMES = 100;
const MAX_PASSES = 4;

/** The time between attempts while a reader keeps the log from starting again: doubled with each attempt up to the maximum. */
const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;

/** A log of this many times the due size (64 MB) is reported if a reader is the cause, and then each time its size has doubled. */
const REPORTED_TIMES = 4;

/** The setting of SQLite by which the writer copies frames itself, within its commits. */
const AUTOMATIC_FRAMES = 1_000;

const GROWS = 'the write-ahead log cannot start again, and grows';
const READER = {
  cause: 'a reader of the database',
  remedy: 'end the reader: fuser -v lists the programs that have the file open',
};
const FALLEN_BACK =
  'checkpoints on a thread have ended: commits copy the write-ahead log until a restart, and take longer';

/** `beside`: the writer commits meanwhile. `held`: no transaction begins. */
export type CheckpointPhase = 'beside' | 'held';

export interface CheckpointOptions {
  /** Opens the passes. */
  readonly start: (file: string) => Passes;
  /** Frames in the log at which a round begins; default: 4,000. */
  readonly dueFrames?: number;
  /** Frames since the last pass at which the next one begins; default: 1,000. */
  readonly passFrames?: number;
  /** Frames of a commit, on average, below which no pass begins before a round is due; default: 16. */
  readonly smallFrames?: number;
  /** Called after each pass with its duration. */
  readonly observe?: (phase: CheckpointPhase, milliseconds: number) => void;
}

export interface CheckpointTools {
  readonly client: Database;
  readonly writer: Pick<Writer<unknown>, 'hold' | 'giveUp'>;
  readonly world: Pick<World, 'elapsed' | 'sleep'>;
  readonly log: Log;
}

export interface Checkpointer {
  /** To be called after each commit. */
  committed(): void;
  /** Runs a checkpoint of the writer itself while no pass is under way: SQLite allows one at a time. */
  alone<T>(checkpoint: () => T): Promise<T>;
  /** Returns how long readers had kept the log from starting again at the latest commit, in milliseconds. */
  blockedMs(): number;
  /** Ends the passes. The caller closes the writer's connection afterwards. */
  close(): Promise<void>;
}

/** Without options: SQLite copies frames within the commits of the writer, as it does by default. */
export function createCheckpointer(tools: CheckpointTools, options?: CheckpointOptions): Checkpointer {
  if (options === undefined) {
    return {
      committed: () => {},
      alone: async (checkpoint) => checkpoint(),
      blockedMs: () => 0,
      close: async () => {},
    };
  }
  return createRounds(tools, options);
}

// One function because the steps of a round share its state.
function createRounds({ client, writer, world, log }: CheckpointTools, options: CheckpointOptions): Checkpointer {
  const { dueFrames = DUE_FRAMES, passFrames = PASS_FRAMES, smallFrames = SMALL_FRAMES, observe = () => {} } = options;
  setAndReadBack(client, 'wal_autocheckpoint', '0', 0);
  const size = client.prepare<[], [busy: number, frames: number]>('PRAGMA wal_checkpoint(NOOP)').raw();
  const frames = () => size.get()?.[1] ?? 0;
  const blocking = createBlockReport(client, world, { log, reportedFrames: REPORTED_TIMES * dueFrames });
  const warnOfFailure = createSampledWarning(log, world, 'a checkpoint failed, and is tried again');
  let passes: Passes | null = null;
  /** A round, or a pass before it is due. */
  let round: Promise<void> | null = null;
  /** Frames in the log when the last pass before a round began, and the commits since. */
  let passedFrames = 0;
  let commits = 0;
  let nextAt = Number.NEGATIVE_INFINITY;
  let retryMs = MIN_RETRY_MS;
  /** Null while a reader is the only possible cause of a log that does not start again. */
  let failure: string | null = null;

  /** The log stays bounded without the passes. */
  function fallBack(reason: string): void {
    void passes?.close();
    passes = null;
    // promise: checkpoints-without-thread
    setAndReadBack(client, 'wal_autocheckpoint', String(AUTOMATIC_FRAMES), AUTOMATIC_FRAMES);
    log.warn({ reason }, FALLEN_BACK);
  }

  async function pass(running: Passes, phase: CheckpointPhase) {
    const began = world.elapsed();
    const report = await running.run();
    failure = null;
    observe(phase, world.elapsed() - began);
    return report;
  }

  async function runRound(running: Passes): Promise<void> {
    let left = Number.POSITIVE_INFINITY;
    for (let count = 0; count < MAX_PASSES && left > MAX_HELD_FRAMES; count += 1) {
      const report = await pass(running, 'beside');
      if (report.copied < report.frames) return;
      left = frames() - report.copied;
    }
    // Nothing was committed meanwhile, or the log has already started again.
    if (left <= 0) return;
    const rest = pass(running, 'held');
    // promise: log-starts-again-under-load
    await writer.hold(rest);
    await rest;
  }

  function fail(error: unknown): void {
    const code = codeOf(error);
    failure = reasonOf(error);
    // A failed sync leaves the content of the disk unknown.
    // promise: failed-checkpoint-is-fatal
    if (isDiskFailure(error)) writer.giveUp(error);
    else if (/^SQLITE_(BUSY|LOCKED|FULL)/.test(code)) warnOfFailure(code);
    // Null: the passes have ended, which was the reason.
    else if (passes !== null) fallBack(failure);
  }

  async function guarded(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      fail(error);
    }
    round = null;
  }

  function begin(work: Promise<unknown>): void {
    commits = 0;
    round = guarded(work);
  }

  /** Before a round is due. */
  function follow(running: Passes, count: number): void {
    const behind = count - passedFrames;
    // promise: log-is-followed-in-short-passes
    if (behind < passFrames) return;
    // promise: small-commits-have-few-passes
    if (behind < smallFrames * commits) return;
    passedFrames = count;
    begin(pass(running, 'beside'));
  }

  function committed(): void {
    commits += 1;
    if (passes === null || round !== null) return;
    const count = frames();
    // The log has started again.
    if (count < passedFrames) passedFrames = 0;
    if (count < dueFrames) {
      retryMs = MIN_RETRY_MS;
      nextAt = Number.NEGATIVE_INFINITY;
      blocking.ended();
      follow(passes, count);
      return;
    }
    if (nextAt > Number.NEGATIVE_INFINITY) blocking.continues(count, failure);
    if (world.elapsed() < nextAt) return;
    // promise: blocked-checkpoints-back-off
    nextAt = world.elapsed() + retryMs;
    retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
    begin(runRound(passes));
  }

  try {
    passes = options.start(client.name);
    void passes.ended.then((reason) => {
      if (passes !== null) fallBack(reason);
    });
  } catch (error) {
    fallBack(reasonOf(error));
  }

  return {
    committed: () => {
      try {
        committed();
      } catch (error) {
        fail(error);
      }
    },
    alone: async (checkpoint) => {
      // promise: one-checkpoint-at-a-time
      while (round !== null) await round;
      return checkpoint();
    },
    blockedMs: blocking.milliseconds,
    close: async () => {
      const closing = passes;
      passes = null;
      while (round !== null) await round;
      await closing?.close();
    },
  };
}

interface Reporting {
  readonly log: Log;
  readonly reportedFrames: number;
}

/** Counts how long readers keep the log from starting again, and reports a log that grows because of them. */
function createBlockReport(client: Database, world: Pick<World, 'elapsed'>, { log, reportedFrames }: Reporting) {
  const pageBytes = Number(client.pragma('page_size', { simple: true }));
  let since: number | null = null;
  let latest = 0;
  let nextReport = reportedFrames;
  const milliseconds = () => (since === null ? 0 : latest - since);
  const seconds = () => Math.round(milliseconds() / 1000);
  return {
    milliseconds,
    continues: (frames: number, failure: string | null) => {
      latest = world.elapsed();
      since ??= latest;
      // promise: growing-log-is-reported
      if (frames < nextReport) return;
      const why = failure === null ? READER : { cause: failure };
      log.warn({ walBytes: frames * pageBytes, blockedSeconds: seconds(), ...why }, GROWS);
      nextReport = 2 * frames;
    },
    ended: () => {
      if (since === null) return;
      if (nextReport > reportedFrames) log.info({ blockedSeconds: seconds() }, 'the write-ahead log has started again');
      since = null;
      nextReport = reportedFrames;
    },
  };
}
