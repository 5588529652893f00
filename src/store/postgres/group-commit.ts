// Commits decisions in batches. One batch is committed at a time: meanwhile the next one is decided, if many wait, and others gather.
//
// A batch is loaded without locks, decided in TypeScript and sent as one statement. A decision about an execution that another
// receiver has changed in between is stale: the execution is loaded again, and decided again in the next batch.

import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { currentRequest } from '../../lib/request-context.ts';
import { type Change, StoreUnavailable } from '../port.ts';
import { committedOnes } from '../shared/committed-parts.ts';
import type { Batch } from './batch/batch.ts';
import { callFor } from './batch/call.ts';
import { type Decision, type Decisions, decide } from './batch/decide.ts';
import { limitsOf } from './batch/limits.ts';
import { isChanged, numberEntries, type Part } from './batch/part.ts';
import type { Task } from './batch/task.ts';
import {
  codeOf,
  isQueueFull,
  isStale,
  isToBeSplit,
  isUnavailable,
  NO_PARTITION,
  NotLeading,
  unavailable,
} from './connection/errors.ts';
import type { IdRange, WriterOptions } from './writer-options.ts';

/** Maximum of decisions in one batch. */
const MAX_BATCH = 256;
/** Tasks that wait after which they are decided while others are committed: what is loaded for them delays that commit. */
const MIN_AHEAD = 32;
/** Maximum of decisions that wait; more are rejected. */
const MAX_WAITING = 20_000;
/** Batches in which a decision was stale, after which it is rejected. */
const MAX_STALE = 50;

export interface Writer {
  mutate<T>(task: Task<T>): Promise<T>;
  /**
   * Commits the tasks. With `allOrNothing` they are alone in one batch. A task that is stale is decided again. With `asLeader` it
   * resolves to undefined instead, as one that was not committed while others were, and only the leader commits them.
   */
  mutateAll<T>(
    tasks: readonly Task<T>[],
    how?: { allOrNothing?: boolean; asLeader?: boolean },
  ): Promise<(T | undefined)[]>;
  /**
   * Runs work between two batches: what was decided before is committed before it, and the rest is decided after it. One call at a time:
   * a second one would replace work that waits.
   */
  between<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when the batch that is being committed is settled. */
  settled(): Promise<void>;
  /** Rejects new tasks and commits those that wait. */
  close(): Promise<void>;
}

interface Waiting {
  readonly task: Task<unknown>;
  readonly group: Group;
  readonly requestId: string | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly asLeader: boolean;
  stale: number;
}

interface Group {
  readonly isAllOrNothing: boolean;
}

/** The next batch, of which the decisions may still be made. */
interface Ready {
  readonly tasks: readonly Waiting[];
  readonly decisions: Promise<Decisions<Waiting>>;
}

const SHARED: Group = { isAllOrNothing: false };

// One function because the steps of a commit share one queue.
export function createGroupCommit(options: WriterOptions): Writer {
  const { session, queue } = options;
  let waiting: Waiting[] = [];
  let running: Promise<void> | null = null;
  let committing: Promise<void> = Promise.resolve();
  let between: (() => Promise<void>) | null = null;
  let closed = false;

  async function run(): Promise<void> {
    // What arrives in the same turn of the event loop is committed together.
    await yieldToEventLoop();
    let ahead: Ready | null = null;
    while (between !== null || ahead !== null || waiting.length > 0) {
      if (between !== null && ahead === null) {
        const work: () => Promise<void> = between;
        between = null;
        await work();
        continue;
      }
      const ready: Ready = ahead ?? decided(next());
      await Promise.allSettled([ready.decisions]);
      // Its load precedes the commit on the connection, and its decisions are made while the server commits.
      const following = between !== null || waiting.length < MIN_AHEAD ? [] : next(ready.tasks);
      ahead = following.length === 0 ? null : decided(following);
      committing = commit(ready);
      await committing;
    }
    running = null;
  }

  function decided(tasks: readonly Waiting[]): Ready {
    const decisions = decide(tasks, options);
    // It is awaited later.
    decisions.catch(() => {});
    return { tasks, decisions };
  }

  /**
   * Takes the tasks of the next batch: all of one all-or-nothing group, or those before the next such group. Tasks wait that are about an
   * execution of the batch that is to be committed before, because they would be stale.
   */
  function next(before: readonly Waiting[] = []): Waiting[] {
    const first = waiting[0]?.group ?? SHARED;
    const busy = new Set(before.flatMap(({ task }) => task.target.reference ?? []));
    const end = waiting.findIndex(
      ({ group, task }, i) =>
        group !== first || (!first.isAllOrNothing && i >= MAX_BATCH) || busy.has(task.target.reference ?? ''),
    );
    const isSplit = first.isAllOrNothing && waiting[end]?.group === first;
    return isSplit ? [] : waiting.splice(0, end === -1 ? waiting.length : end);
  }

  async function commit(ready: Ready, hasRoom = false): Promise<void> {
    const { tasks: batch, decisions } = ready;
    try {
      await attempt(batch, await decisions);
    } catch (error) {
      // promise: postgres/entry-without-a-partition
      if (codeOf(error) === NO_PARTITION && !hasRoom) return commitWithRoom(batch, error);
      if (error instanceof NotLeading) return commitOthers(batch, error);
      if (isToBeSplit(error)) return commitEach(batch, error);
      rejectAll(batch, isUnavailable(error) ? unavailable(error) : error);
    }
  }

  /** A value that PostgreSQL rejects fails alone. What is committed together fails together. */
  async function commitEach(batch: readonly Waiting[], fault: unknown): Promise<void> {
    if (batch.length === 1 || batch[0]?.group.isAllOrNothing === true) return rejectAll(batch, fault);
    for (const one of batch) await commit(decided([one]));
  }

  /** What only the leader may write fails alone. The rest waits again. */
  function commitOthers(batch: readonly Waiting[], fault: NotLeading): void {
    rejectAll(
      batch.filter(({ asLeader }) => asLeader),
      fault,
    );
    waiting = [...batch.filter(({ asLeader }) => !asLeader), ...waiting];
  }

  /** The partition of the next entry is created long before it is needed, unless that has failed ever since. */
  async function commitWithRoom(batch: readonly Waiting[], cause: unknown): Promise<void> {
    try {
      await options.makeRoom();
    } catch {
      return rejectAll(batch, unavailable(cause));
    }
    await commit(decided(batch), true);
  }

  async function attempt(tasks: readonly Waiting[], { batch, decided, tookMs }: Decisions<Waiting>): Promise<void> {
    const began = performance.now();
    const changed = batch.read.filter(isChanged);
    const isAllOrNothing = tasks[0]?.group.isAllOrNothing === true;
    if (batch.added.length + batch.keys.length + changed.length === 0) return settle(decided, null, () => false);

    const parts = [...batch.added.map(({ part }) => part), ...changed];
    // promise: postgres/commit-before-response
    const result = await applyBatch(isAllOrNothing, batch, changed, tasks);
    if (result === null) return;
    // promise: postgres/stale-decision-is-made-again
    const stale = new Set((result.stale ?? []).map((n) => parts[n - 1]));
    const current = parts.filter((part) => !stale.has(part));
    numberEntries(
      batch.entries.filter(({ part }) => !stale.has(part)),
      result.first ?? 0,
    );
    const newest = result.head ?? options.knownHead();
    for (const entry of current.flatMap(({ counted }) => counted)) entry.id = newest;
    options.applied(result);
    options.observe?.(tasks.length, tookMs + performance.now() - began);
    const { first, head } = result;
    const entries = first === null || head === null ? null : { first, last: head };
    settle(decided, entries, (part) => part !== null && stale.has(part));
  }

  /** Returns null, and waits again, if an all-or-nothing batch was stale, or others have used a key or filled the queue in between. */
  async function applyBatch(
    isAllOrNothing: boolean,
    batch: Batch,
    changed: readonly Part[],
    tasks: readonly Waiting[],
  ) {
    try {
      const asLeader = tasks.some((one) => one.asLeader);
      const limits = limitsOf(batch, queue);
      const call = callFor(batch, changed, { isAllOrNothing, knownHead: options.knownHead(), limits });
      return await session.apply(call, asLeader);
    } catch (error) {
      if (!isStale(error)) throw error;
      if (isQueueFull(error)) queue.reset();
      retry(tasks);
      return null;
    }
  }

  function settle(
    decided: readonly Decision<Waiting>[],
    entries: IdRange | null,
    isStale: (part: Part | null) => boolean,
  ) {
    const changes: Change[] = [];
    const again: Waiting[] = [];
    for (const { one, decision } of decided) {
      if (!isStale(decision.part)) {
        one.resolve(decision.value);
        const { requestId } = one;
        changes.push(
          ...(requestId === undefined
            ? decision.changes
            : decision.changes.map((change) => ({ ...change, requestId }))),
        );
      } else if (one.asLeader) one.resolve(undefined);
      else again.push(one);
    }
    if (changes.length > 0 || entries !== null) options.committed(changes, entries);
    retry(again);
  }

  function retry(tasks: readonly Waiting[]): void {
    if (tasks.length === 0) return;
    for (const one of tasks) one.stale += 1;
    const spent = tasks.filter(({ stale }) => stale > MAX_STALE);
    rejectAll(spent, new StoreUnavailable('the execution is changed by other receivers all the time'));
    waiting = [...tasks.filter(({ stale }) => stale <= MAX_STALE), ...waiting];
  }

  function add<T>(task: Task<T>, group: Group, asLeader: boolean): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(new StoreUnavailable('the store is closed'));
      if (session.state() !== 'active') return reject(new StoreUnavailable(session.reason()));
      if (waiting.length >= MAX_WAITING) return reject(new StoreUnavailable('too many writes are waiting'));
      const requestId = currentRequest()?.id;
      waiting.push({
        task,
        group,
        requestId,
        asLeader,
        stale: 0,
        reject,
        resolve: resolve as (value: unknown) => void,
      });
      running ??= run();
    });
  }

  return {
    mutate: (task) => add(task, SHARED, false) as Promise<never>,
    mutateAll: async (tasks, { allOrNothing = false, asLeader = false } = {}) => {
      const group = allOrNothing ? { isAllOrNothing: true } : SHARED;
      const added = tasks.map((task) => add(task, group, asLeader));
      return asLeader ? committedOnes(await Promise.allSettled(added), options.log) : Promise.all(added);
    },
    between: (work) =>
      new Promise((resolve, reject) => {
        between = () => work().then(resolve, reject);
        running ??= run();
      }),
    settled: () => committing,
    close: async () => {
      closed = true;
      while (running) await running;
    },
  };
}

function rejectAll(tasks: readonly Waiting[], error: unknown): void {
  for (const { reject } of tasks) reject(error);
}
