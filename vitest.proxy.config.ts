// The proxies in front: it needs nginx and Caddy, so it runs apart.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/deploy/*.proxy.ts'], pool: 'forks', maxWorkers: 2, testTimeout: 120_000 },
});
