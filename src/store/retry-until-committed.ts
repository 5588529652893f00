// Repeats a write until the store commits it or the receiver stops: a response of CXone cannot be requested a second time.

import type { World } from '../lib/world.ts';
import { StoreUnavailable } from './port.ts';

const RETRY_MS = 1_000;

/** Retries `record` once a second. @throws {StoreUnavailable} only after the signal has aborted. */
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
