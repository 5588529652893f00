// Loads what the tasks of a batch read, and makes their decisions one after the other.

import type { Session } from '../connection/session.ts';
import type { QueueBounds } from '../executions/queue-bounds.ts';
import { loadAggregates } from './aggregate.ts';
import { type Batch, createBatch } from './batch.ts';
import { loadNames } from './names.ts';
import type { Decided, Task } from './task.ts';

/** A task with the promise that its caller waits for. */
export interface Undecided {
  readonly task: Task<unknown>;
  readonly group: { readonly isAllOrNothing: boolean };
  readonly reject: (error: unknown) => void;
}

export interface Decision<One> {
  readonly one: One;
  readonly decision: Decided<unknown>;
}

export interface Decisions<One> {
  readonly batch: Batch;
  readonly decided: readonly Decision<One>[];
  /** How long loading and deciding took, in milliseconds. */
  readonly tookMs: number;
}

export interface DecideOptions {
  readonly session: Pick<Session, 'all'>;
  readonly queue: QueueBounds;
  /** Entries of one execution and one event after which repeats are counted. */
  readonly listedRepeats: number;
}

/** A task that throws is rejected alone: the others are decided again without it. What is committed together throws together. */
export async function decide<One extends Undecided>(
  tasks: readonly One[],
  { session, queue, listedRepeats }: DecideOptions,
): Promise<Decisions<One>> {
  const began = performance.now();
  const references = tasks.flatMap(({ task }) => task.target.reference ?? []);
  const submissions = tasks.flatMap(({ task }) => task.target.submission ?? []);
  // All are sent at once, before what the caller sends next.
  const [loaded, names] = await Promise.all([
    loadAggregates(session, references, listedRepeats),
    loadNames(session, submissions),
    queue.load(submissions),
  ]);
  const decisions = decideAll(tasks, () => createBatch(loaded, names, queue.queued));
  return { ...decisions, tookMs: performance.now() - began };
}

function decideAll<One extends Undecided>(tasks: readonly One[], fresh: () => Batch): Omit<Decisions<One>, 'tookMs'> {
  const batch = fresh();
  const decided: Decision<One>[] = [];
  for (const one of tasks) {
    try {
      decided.push({ one, decision: one.task.decide(batch) });
    } catch (error) {
      if (one.group.isAllOrNothing) throw error;
      one.reject(error);
      return decideAll(
        tasks.filter((other) => other !== one),
        fresh,
      );
    }
  }
  return { batch, decided };
}
