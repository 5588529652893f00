// `profile …`: checks, shows and tries upstream profiles.

import type { Declare } from '../context.ts';
import { withHelp } from '../options.ts';
import { profileCheck } from './check.ts';
import { profileShow } from './show.ts';
import { profileTry } from './try.ts';

export const profile: Declare = (command, context) => {
  withHelp(command, {
    description: 'Checks, shows and tries an upstream profile, which describes how to call CXone.',
    exitCodes: '0 done, 1 the profile has a mistake, 2 the command could not be carried out',
    examples: [
      'npm run -s profile -- check tenant.json',
      'npm run -s profile -- show cxone > tenant.json',
      'npm run -s profile -- try recordings/2026-11-22T16-00-00-000Z-17.har.jsonl --profile tenant.json',
    ],
  });
  profileCheck(command.command('check').summary('list every mistake in a profile, with its line'), context);
  profileShow(command.command('show').summary('print a profile in full, and the settings that it needs'), context);
  profileTry(command.command('try').summary('replay a recording of a tenant against a profile'), context);
};
