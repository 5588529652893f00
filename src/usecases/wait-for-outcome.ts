// Use case: hold a request open until an execution ends (`Prefer: wait`). A commit wakes it; the database is not polled.

import { isTerminal } from '../execution/execution.ts';
import type { World } from '../lib/world.ts';
import type { BriefExecution, ChangeFeed, CommittedChange, ExecutionReader } from '../store/port.ts';

export interface WaitBounds {
  readonly perCaller: number;
  readonly total: number;
}

export type Waiters = ReturnType<typeof createWaiters>;

export function createWaiters(
  store: Pick<ExecutionReader, 'findBrief'> & ChangeFeed,
  world: Pick<World, 'sleep'>,
  bounds: WaitBounds,
) {
  const held = new Map<string, number>();
  let total = 0;
  const waiting = new Map<string, Set<() => void>>();
  const released = new AbortController();

  const wakeEnded = (changes: readonly CommittedChange[]) => {
    if (waiting.size === 0) return;
    for (const { execution } of changes) {
      if (isTerminal(execution.status)) for (const wake of waiting.get(execution.correlationId) ?? []) wake();
    }
  };
  store.watch(wakeEnded);
  // promise: wait-wakes-across-receivers
  store.watchOthers(
    (changes) => {
      if (changes !== null) return wakeEnded(changes);
      for (const peers of waiting.values()) for (const wake of peers) wake();
    },
    () => waiting.size > 0,
  );

  function hold(caller: string, change: number): void {
    const count = (held.get(caller) ?? 0) + change;
    if (count === 0) held.delete(caller);
    else held.set(caller, count);
    total += change;
  }

  return {
    /** Reserves a held request for the caller. Returns the function that gives it back; null if too many are held. */
    reserve: (caller: string): (() => void) | null => {
      // promise: held-requests-leave-room
      if (total >= bounds.total || (held.get(caller) ?? 0) >= bounds.perCaller) return null;
      hold(caller, 1);
      return () => hold(caller, -1);
    },
    /**
     * Returns the execution, without its result, once it has ended, or its current state after `ms` milliseconds; undefined for an
     * unknown id. Those that wait for one execution would read its result at the same time. The signal and `release` end the wait early.
     */
    wait: async (correlationId: string, ms: number, signal: AbortSignal): Promise<BriefExecution | undefined> => {
      const done = new AbortController();
      let news = Promise.withResolvers<void>();
      let isOver = false;
      const wake = () => news.resolve();
      // Subscribe before reading, so that no commit is missed in between.
      const peers = waiting.get(correlationId) ?? new Set();
      waiting.set(correlationId, peers.add(wake));
      try {
        const first = await store.findBrief(correlationId);
        if (first === undefined || isTerminal(first.execution.status)) return first;
        void world.sleep(ms, AbortSignal.any([done.signal, released.signal, signal])).then(() => {
          isOver = true;
          wake();
        });
        for (;;) {
          await news.promise;
          news = Promise.withResolvers();
          const found = await store.findBrief(correlationId);
          // After more changes of other receivers than are listed, it may have changed or not.
          if (found === undefined || isTerminal(found.execution.status) || isOver) return found;
        }
      } finally {
        done.abort();
        peers.delete(wake);
        if (peers.size === 0) waiting.delete(correlationId);
      }
    },
    /** Ends all current and future waits: the service is stopping. */
    release: (): void => released.abort(),
    get size() {
      return waiting.size;
    },
  };
}
