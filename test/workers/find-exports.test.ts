// The exports that may still hold the content of an erased execution are found by their names.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findExports } from '../../src/workers/pruner/find-exports.ts';
import { temporaryFolder } from '../support/temporary.ts';

const uuid = (last: number) => `019c1405-7a00-7000-8000-00000000000${last}`;
const FILES = [
  `audit-000000000001-000000000040-2026-01-01T00-00-00-000Z.ndjson.gz`,
  `audit-000000000041-000000000090-2026-03-01T00-00-00-000Z.ndjson.gz`,
  `payloads-${uuid(1)}-${uuid(3)}-2026-03-01T00-00-00-000Z.ndjson.gz`,
  `payloads-${uuid(4)}-${uuid(6)}-2026-03-01T00-00-00-000Z.ndjson.gz`,
  `payloads-bodies-000000000001-000000000040-2026-03-01T00-00-00-000Z.ndjson.gz`,
  `payloads-2026-03-01T00-00-00-000Z.ndjson.gz.partial`,
  'notes.txt',
];

test('those with its reference, and those without references that are younger than its submission', async () => {
  const folder = temporaryFolder();
  for (const name of FILES) writeFileSync(join(folder, name), '');
  const submittedAt = Date.UTC(2026, 1, 1);
  const found = await findExports(folder, [{ reference: uuid(2), submittedAt }]);
  expect(found).toEqual([FILES[1], FILES[2], FILES[4]].map((name) => join(folder, name ?? '')));
  expect(await findExports(folder, [])).toEqual([]);
  expect(await findExports(join(folder, 'absent'), [{ reference: uuid(2), submittedAt }])).toEqual([]);
  const file = join(folder, 'notes.txt');
  expect(await findExports(file, [{ reference: uuid(2), submittedAt }])).toEqual([file]);
});
