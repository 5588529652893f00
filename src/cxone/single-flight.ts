// Asks for something that all callers share: one request at a time however many need it, and after a failure none for a while.

import type { World } from '../lib/world.ts';
import { TokenUnavailable } from './port.ts';

/** After a failure nobody asks again for so long, doubled with each further failure: wrong credentials may lock a client out. */
const FIRST_HOLD_MS = 500;
const MAX_HOLD_MS = 8_000;

/** What it returns throws what `ask` throws; a TokenUnavailable says when to come back, and is thrown again until then. */
export function createSingleFlight<T>(world: Pick<World, 'now'>, ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | null = null;
  let failure: { readonly error: TokenUnavailable; readonly until: number; readonly count: number } | null = null;

  async function attempt(): Promise<T> {
    if (failure !== null && world.now() < failure.until) {
      const { message, httpStatus } = failure.error;
      throw new TokenUnavailable(message, { retryAfterMs: failure.until - world.now(), httpStatus });
    }
    try {
      const found = await ask();
      failure = null;
      return found;
    } catch (error) {
      if (!(error instanceof TokenUnavailable)) throw error;
      const count = (failure?.count ?? 0) + 1;
      const hold = Math.max(error.retryAfterMs, Math.min(MAX_HOLD_MS, FIRST_HOLD_MS * 2 ** (count - 1)));
      failure = { error, until: world.now() + hold, count };
      throw new TokenUnavailable(error.message, { retryAfterMs: hold, httpStatus: error.httpStatus });
    }
  }

  return () => {
    underWay ??= attempt().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
