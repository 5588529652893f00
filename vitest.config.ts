// Tests run in processes of their own, so that one may kill or crash what it starts.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/**/*.test.ts'], pool: 'forks', testTimeout: 20_000 },
});
