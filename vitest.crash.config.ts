// The crash suite: kills the real process, cuts its power, fills its disk. It needs Linux, root and strace, so it runs apart.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/crash/*.crash.ts'], pool: 'forks', maxWorkers: 2, testTimeout: 60_000 },
});
