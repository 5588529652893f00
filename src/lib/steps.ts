// Runs long work that is written as a generator: at once, or with turns of the event loop between its steps.

import { yieldToEventLoop } from './event-loop.ts';

/** Work that can end, or wait, after each step. What it throws in its last step is its failure. */
export type Steps<T = void> = Generator<unknown, T, void>;

/** The work was ended between two steps. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Returns the result of the work without a turn of the event loop. */
export function runAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * Gives the event loop a turn after each step, and ends the work after a step when the signal aborts. Work without steps asks for no
 * signal and ends in this turn. @throws {Interrupted}
 */
export async function runInTurns<T>(steps: Steps<T>, interrupted?: () => AbortSignal): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    const signal = interrupted?.();
    await yieldToEventLoop();
    // promise: stops-between-slices
    step = signal?.aborted
      ? steps.throw(new Interrupted('stopped between two steps: the next start continues'))
      : steps.next();
  }
  return step.value;
}
