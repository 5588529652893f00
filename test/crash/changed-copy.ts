// Copies of the product with small changes: to show that a suite can fail, and to let rare work happen often.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A change of the text of each file. */
export type Changes = Readonly<Record<string, (text: string) => string>>;

/** Rounds of the checkpoint thread begin after a few commits. */
export const EARLY_CHECKPOINTS: Changes = {
  'src/store/sqlite/file/checkpoint/checkpointer.ts': (text) => text.replace('DUE_FRAMES = 4_000', 'DUE_FRAMES = 60'),
};

/** Returns the folder of the copy, which is removed after the test. */
export function changedCopy(changes: Changes): string {
  const root = mkdtempSync(join(tmpdir(), 'cxone-changed-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const part of ['src', 'migrations', 'package.json'])
    cpSync(join(ROOT, part), join(root, part), { recursive: true });
  mkdirSync(join(root, 'test'));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  for (const [file, change] of Object.entries(changes)) {
    const before = readFileSync(join(root, file), 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`${file} is no longer what this test changes`);
    writeFileSync(join(root, file), after);
  }
  return root;
}
