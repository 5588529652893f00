import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { keptFolder, temporaryFolder } from './temporary.ts';

let kept = '';
let temporary = '';

describe('while tests use it', () => {
  const folder = keptFolder();
  beforeAll(() => writeFileSync(join(folder, 'of-the-hook'), ''));

  test('a folder of the group has what its hook wrote', () => {
    kept = folder;
    temporary = temporaryFolder();
    expect([existsSync(join(kept, 'of-the-hook')), existsSync(temporary)]).toEqual([true, true]);
  });

  test('and stays for the next test, unlike that of one test', () => {
    expect([existsSync(kept), existsSync(temporary)]).toEqual([true, false]);
  });
});

test('after the group its folder is deleted', () => {
  expect([kept === '', existsSync(kept)]).toEqual([false, false]);
});
