// `keys new`: new keys and secrets, as lines for .env.

import type { Group } from '../context.ts';
import { keysNew } from './new.ts';

export const keys: Group = {
  help: `Usage: npm run keys -- new …

Makes keys and secrets. They are printed once, and stored nowhere. "keys new --help" tells more.

  new      keys of apps, operators and readers, and secrets that sign

Exit code: 0 done, 2 it could not be done.

  npm run keys -- new
  npm run keys -- new --app billing
`,
  commands: { new: keysNew },
};
