// Callbacks with many values: read outside the thread that answers callbacks, and recorded one after the other.

import { type Cxone, type ParsedCallback, TooManyValues } from '../cxone/port.ts';

export function createLargeCallbacks({ largeBodies }: Pick<Cxone, 'largeBodies'>) {
  let last: Promise<unknown> = Promise.resolve();
  return {
    isLarge: largeBodies.isLarge,
    /** Reads a body. One that is beyond the memory for it is unreadable: its bytes are kept, and CXone is polled. */
    read: async (bytes: Uint8Array, contentType: string | null): Promise<ParsedCallback> => {
      try {
        return await largeBodies.parseCallback(bytes, contentType);
      } catch (error) {
        if (!(error instanceof TooManyValues)) throw error;
        return { type: 'callback-unreadable', reason: error.message };
      }
    },
    /** Runs one work after the other, so that other callbacks are committed in between. */
    inTurn: <T>(work: () => Promise<T>): Promise<T> => {
      const turn = last.then(work);
      last = turn.catch(() => {});
      return turn;
    },
  };
}
