// The pages in a real browser: it needs Chromium, so it runs apart.

import { defineConfig } from 'vitest/config';
import { PATIENCE } from './test/support/patience.ts';

export default defineConfig({
  test: { ...PATIENCE, include: ['test/browser/*.browser.ts'], testTimeout: 180_000 },
});
