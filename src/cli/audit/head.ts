// `audit head`: prints the signed end of the hash chain.

import { readVariable } from '../../config/config.ts';
import { signHead } from '../../store/signed-head.ts';
import type { Declare } from '../context.ts';
import { withTrail } from '../database.ts';
import { jsonOption, withHelp } from '../options.ts';
import { writeResult } from '../print.ts';

export const auditHead: Declare = (command, { env, write, world }) =>
  withHelp(command, {
    description: `Prints the signed head of the hash chain. The receiver logs the same line while it writes entries and
when it stops. Keep these lines where an intruder who can write the database cannot change them: "audit verify" compares
the trail with them.`,
    exitCodes: '0 done, 2 the command could not be carried out',
    examples: ['npm run -s audit -- head', "npm run -s audit -- head | mail -s 'audit head' auditor@example.com"],
  })
    .argument('[path]', 'the database, instead of the configured one')
    .addOption(jsonOption)
    .action(async (path, { json }) => {
      const secrets = readVariable(env(), 'CALLBACK_SECRET');
      const head = await withTrail({ env }, path, (trail) => trail.head());
      const line = signHead(secrets, head, world.now());
      writeResult({ write }, json, { ...head, line }, line);
    });
