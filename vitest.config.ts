// The suites of tests, one project each. `npm test` runs the project "unit" and names what it leaves out.

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { createLeftOutReporter } from './test/support/left-out-reporter.ts';
import { LongestFirst } from './test/support/longest-first.ts';
import { SUITES } from './test/support/suites.ts';

// At least two at a time, because many tests wait for processes that they have started.
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: {
    reporters: ['default', createLeftOutReporter()],
    sequence: { sequencer: LongestFirst },
    projects: Object.entries(SUITES).map(([name, { command: _, longest: __, ...suite }]) => ({
      test: {
        name,
        // A process of its own for each file, because slow tests kill and crash what they start. The files of `unit` share processes.
        pool: 'forks' as const,
        maxWorkers,
        // The servers of the tests are on loopback, which a developer's proxy does not reach.
        env: { NODE_USE_ENV_PROXY: '0' },
        // Bounds for events that never come. A browser's first start from a cold disk takes ten seconds.
        hookTimeout: 120_000,
        expect: { poll: { timeout: 20_000 } },
        ...suite,
      },
    })),
  },
});
