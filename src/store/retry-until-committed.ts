// What CXone answered cannot be asked for again, so recording it is tried until the store commits or the service stops.

import type { World } from '../lib/world.ts';
import { StoreUnavailable } from './port.ts';

const RETRY_MS = 1_000;

/** @throws {StoreUnavailable} only when the signal aborts first. */
export async function retryUntilCommitted<T>(record: () => Promise<T>, world: World, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await record();
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || signal.aborted) throw error;
      await world.sleep(RETRY_MS, signal);
    }
  }
}
