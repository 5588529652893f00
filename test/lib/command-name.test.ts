// Texts name a command as the reader can run it: by npm in a checkout, by its own name in an installed package.

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
