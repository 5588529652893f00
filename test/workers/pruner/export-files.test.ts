// An export that fails leaves nothing behind: what it held is exported again, once.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createExportFiles } from '../../../src/workers/pruner/export-files.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const RECORD = { type: 'audit_event', id: 1, hash: 'a'.repeat(64) };

test('a file that cannot get its name leaves no manifest, and the next one has everything', async () => {
  const folder = temporaryFolder();
  const files = createExportFiles(folder, createManualWorld());
  const name = 'audit-1-1-2026-01-01T00-00-00-000Z.ndjson.gz';
  mkdirSync(join(folder, name));
  const failing = await files.begin('audit', null);
  await failing.add([RECORD]);
  await expect(failing.finish('1-1')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  await failing.discard();
  expect(readdirSync(folder)).toEqual([name]);

  const again = await files.begin('audit', null);
  await again.add([RECORD]);
  const finished = await again.finish('1-2');
  expect(readdirSync(folder).sort()).toEqual([name, finished, `${finished}.manifest.json`].sort());
});
