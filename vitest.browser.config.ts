// The pages in a real browser: it needs Chromium, so it runs apart.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/browser/*.browser.ts'], pool: 'forks', testTimeout: 180_000 },
});
