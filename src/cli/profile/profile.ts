// `profile`: checks an upstream profile, shows one in full, and tries one against a recording of a tenant.

import type { Group } from '../context.ts';
import { profileCheck } from './check.ts';
import { profileShow } from './show.ts';
import { profileTry } from './try.ts';

export const profile: Group = {
  help: `Usage: npm run profile -- check|show|try …

An upstream profile says how CXone is spoken to. Each of these tells more with --help.

  check    every mistake in a profile, with its line
  show     a profile in full, whether it was verified against a tenant, and which settings it needs
  try      plays a recording of a tenant (CXONE_RECORD_DIR) against the receiver with a profile

Exit code: 0 done, 1 something is wrong with the profile, 2 it could not be done.

  npm run profile -- check tenant.json
  npm run -s profile -- show cxone > tenant.json
  npm run profile -- try recordings/2026-11-22T16-00-00-000Z-17.har.jsonl --profile tenant.json
`,
  commands: { check: profileCheck, show: profileShow, try: profileTry },
};
