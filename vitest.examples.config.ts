// The examples in Python and for a shell: they need python3 and curl, so they run apart.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/examples/*.examples.ts'], pool: 'forks', testTimeout: 60_000 },
});
