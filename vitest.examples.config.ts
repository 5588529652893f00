// The examples in Python and for a shell: they need python3 and curl, so they run apart.

import { defineConfig } from 'vitest/config';
import { PATIENCE } from './test/support/patience.ts';

export default defineConfig({
  test: { ...PATIENCE, include: ['test/examples/*.examples.ts'], testTimeout: 60_000 },
});
