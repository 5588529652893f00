// The crash suite: kills the real process, cuts its power, fills its disk. It needs Linux, root and strace, so it runs apart.

import { defineConfig } from 'vitest/config';
import { PATIENCE } from './test/support/patience.ts';

export default defineConfig({
  test: { ...PATIENCE, include: ['test/crash/*.crash.ts'], maxWorkers: 2, testTimeout: 60_000 },
});
