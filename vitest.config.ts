// Tests run in processes of their own, so that one may kill or crash what it starts.

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// At least two at a time: many of them wait for what they have started.
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: { include: ['test/**/*.test.ts'], pool: 'forks', testTimeout: 20_000, maxWorkers },
});
