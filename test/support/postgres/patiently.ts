// Starts a receiver on a PostgreSQL that a busy machine lets answer late, as a service manager does: again until it runs.

import { DatabaseRefused } from '../../../src/store/shared/database-refused.ts';

const MAX_STARTS = 40;
const UNREACHABLE = /accepts writes|was lost during the start/;

export async function startPatiently<T>(start: () => Promise<T>): Promise<T> {
  for (let starts = 1; ; starts += 1) {
    try {
      return await start();
    } catch (error) {
      const isLate = error instanceof DatabaseRefused && UNREACHABLE.test(error.message);
      if (!isLate || starts === MAX_STARTS) throw error;
    }
  }
}
