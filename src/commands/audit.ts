// `audit verify` and `audit head`: whether the trail is what was written, and the line that proves it later.

import { auditHead } from './audit-head.ts';
import { auditVerify } from './audit-verify.ts';
import { type Command, CommandUsage } from './surroundings.ts';

export const audit: Command = {
  help: `Usage: npm run audit -- verify [PATH] [--head LINE|FILE]... [--json]
       npm run audit -- head [PATH] [--json]

Both only read, may run while the receiver does, and take DATABASE_PATH unless PATH says otherwise.

  verify   walks the hash chain of the audit trail and compares rows and kept callback bodies with it; names the first
           entry that was altered, removed, inserted or reordered. Run it as the user that the receiver runs as.
  head     prints the signed head of the chain. The receiver logs the same line while entries are written, and when it
           stops. Keep these lines where whoever can write the database cannot reach them.

  --head   a signed line, or a file with such lines in it (a log): a tail that was cut off, or a chain that was rewritten
           as a whole, shows only against them. Repeatable. Signatures are checked with CALLBACK_SECRET; lines from
           before a rotation need the old secret behind the new one: CALLBACK_SECRET=new,old
  --json   one JSON document instead of lines

Exit code of verify: 0 all as it was written, 1 something was changed, 2 it could not be checked.

  npm run audit -- verify
  npm run audit -- verify /backups/receiver.db --head /var/log/receiver.log
  npm run audit -- head | mail -s 'audit head' auditor@example.com
`,
  run: async ([verb, ...args], surroundings) => {
    if (verb === 'verify') return auditVerify(args, surroundings);
    if (verb === 'head') return auditHead(args, surroundings);
    throw new CommandUsage(verb === undefined ? 'Say verify or head.' : `There is no "audit ${verb}".`);
  },
};
