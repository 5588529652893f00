// Runs what follows a commit after the responses to its requests have left: the microtasks of the same turn write them.

import { type Log, reasonOf } from './log.ts';

export type Afterwards = ReturnType<typeof createAfterwards>;

export function createAfterwards(log: Log) {
  let waiting: (() => void)[] = [];

  function flush(): void {
    const due = waiting;
    waiting = [];
    for (const work of due) {
      try {
        work();
      } catch (error) {
        log.error({ reason: reasonOf(error) }, 'what follows a commit failed');
      }
    }
  }

  return {
    /** Runs the work in a later turn of the event loop, in the order of the calls. An error of it is logged. */
    run: (work: () => void): void => {
      // promise: response-before-listeners
      if (waiting.push(work) === 1) setImmediate(flush);
    },
    /** Runs at once what still waits. */
    flush,
  };
}
