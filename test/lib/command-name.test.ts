// Texts name a command as the reader can run it: by npm in a checkout, by its own name in an installed package.

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { withCommandName } from '../../src/lib/command-name.ts';

const TEXTS = [
  ['npm run stats [-- --from TIME] [--json]', 'cxone-callback-receiver stats [--from TIME] [--json]'],
  ['npm run -s audit -- tail --app shop', 'cxone-callback-receiver audit tail --app shop'],
  ['npm run compact && systemctl start it', 'cxone-callback-receiver compact && systemctl start it'],
  ['compare it (npm run doctor)', 'compare it (cxone-callback-receiver doctor)'],
  ['node src/main.ts COMMAND …', 'cxone-callback-receiver COMMAND …'],
] as const;

test.each(TEXTS)('%s is %s in an installed package', (here, installed) => {
  expect(withCommandName(here, true)).toBe(installed);
  expect(withCommandName(here)).toBe(here);
});

test('each page that names a command names it as the reader can run it', () => {
  const pages = fileURLToPath(new URL('../../src/http/', import.meta.url));
  const naming = globSync('**/*.ts', { cwd: pages }).flatMap((file) =>
    readFileSync(pages + file, 'utf8')
      .split('\n')
      .filter((line) => line.includes('npm run ')),
  );
  expect(naming.length).toBeGreaterThan(0);
  expect(naming.filter((line) => !line.includes("withCommandName('npm run "))).toEqual([]);
});
