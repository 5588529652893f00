// Bounds the searches that run at the same time for one key: further ones wait for their turn.

/** Searches of one key. More would only share the same slices of time. */
const MAX_SEARCHES = 2;

export interface ReaderTurns {
  /** Runs the work when fewer than the maximum run for this reader; first come, first served. */
  run<T>(reader: string, work: () => Promise<T>): Promise<T>;
}

export function createReaderTurns(max = MAX_SEARCHES): ReaderTurns {
  const running = new Map<string, { count: number; readonly waiting: (() => void)[] }>();
  return {
    run: async (reader, work) => {
      const turns = running.get(reader) ?? { count: 0, waiting: [] };
      running.set(reader, turns);
      // promise: searches-of-a-key-take-turns
      if (turns.count >= max) await new Promise<void>((resolve) => turns.waiting.push(resolve));
      else turns.count += 1;
      try {
        return await work();
      } finally {
        // The next one takes over the place.
        const next = turns.waiting.shift();
        if (next !== undefined) next();
        else turns.count -= 1;
        if (turns.count === 0) running.delete(reader);
      }
    },
  };
}
