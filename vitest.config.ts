// Tests run in processes of their own, so that one may kill or crash what it starts.

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { PATIENCE } from './test/support/patience.ts';

// At least two at a time: many of them wait for what they have started.
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: { ...PATIENCE, include: ['test/**/*.test.ts'], testTimeout: 60_000, maxWorkers },
});
