import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../src/', import.meta.url));

test('no source imports a value from the ES modules of drizzle-orm, whose list of exports Node would parse for each of them', () => {
  const sources = globSync('**/*.ts', { cwd: ROOT });
  const withValues = sources.filter((file) =>
    /^import (?!type ).*from 'drizzle-orm/m.test(readFileSync(ROOT + file, 'utf8')),
  );
  expect(sources.length).toBeGreaterThan(0);
  expect(withValues).toEqual([]);
});
