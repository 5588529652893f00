// Callbacks with many values: read and compared outside the thread that answers callbacks, and recorded one after the other.

import { type Cxone, type ParsedCallback, TooManyValues } from '../cxone/port.ts';
import type { ExecutionEvent } from '../execution/event.ts';
import { isTerminal } from '../execution/execution.ts';
import type { ExecutionReader } from '../store/port.ts';

export interface LargeCallbacks {
  isLarge(bytes: Uint8Array): boolean;
  /** Reads a body. One that is beyond the memory for it is unreadable: its bytes are kept, and CXone is polled. */
  read(bytes: Uint8Array, contentType: string | null): Promise<ParsedCallback>;
  /** Runs one work after the other, so that other callbacks are committed in between. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Prepares the comparison of a result with the outcome of an ended execution, for which other callbacks would wait. */
  prepareComparison(reference: string, event: ExecutionEvent): Promise<void>;
}

export function createLargeCallbacks(
  store: Pick<ExecutionReader, 'findByReference'>,
  { largeBodies }: Pick<Cxone, 'largeBodies'>,
): LargeCallbacks {
  let last: Promise<unknown> = Promise.resolve();
  return {
    isLarge: largeBodies.isLarge,
    read: async (bytes, contentType) => {
      try {
        return await largeBodies.parseCallback(bytes, contentType);
      } catch (error) {
        if (!(error instanceof TooManyValues)) throw error;
        return { type: 'callback-unreadable', reason: error.message };
      }
    },
    inTurn: (work) => {
      const turn = last.then(work);
      last = turn.catch(() => {});
      return turn;
    },
    prepareComparison: async (reference, event) => {
      if (!('report' in event) || event.report.kind === 'progress') return;
      const known = await store.findByReference(reference);
      if (known === undefined || !isTerminal(known.status)) return;
      const { result, error } = known.lateResult ?? known;
      await largeBodies.prepareComparison(event.report.result, result);
      await largeBodies.prepareComparison(event.report.error, error);
    },
  };
}
