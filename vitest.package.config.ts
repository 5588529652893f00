// The package as people install it: it needs the npm registry, so it runs apart.

import { defineConfig } from 'vitest/config';
import { PATIENCE } from './test/support/patience.ts';

export default defineConfig({
  test: {
    ...PATIENCE,
    include: ['test/package/*.package.ts'],
    globalSetup: 'test/package/install.ts',
    maxWorkers: 2,
    testTimeout: 120_000,
  },
});
