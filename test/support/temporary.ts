// Temporary folders, each deleted after its test.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cxone-callback-receiver-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** One for all tests of a file or group, where it must be called, and not in a hook: vitest ignores the hooks of a hook. */
export function keptFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cxone-callback-receiver-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
