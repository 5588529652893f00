// The proxies in front: it needs nginx and Caddy, so it runs apart.

import { defineConfig } from 'vitest/config';
import { PATIENCE } from './test/support/patience.ts';

export default defineConfig({
  test: { ...PATIENCE, include: ['test/deploy/*.proxy.ts'], maxWorkers: 2, testTimeout: 120_000 },
});
