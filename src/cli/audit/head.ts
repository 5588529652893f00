// `audit head`: the end of the chain as it stands, signed.

import { readVariable } from '../../config/config.ts';
import { signHead } from '../../store/signed-head.ts';
import { openReadOnly } from '../../store/sqlite/file/open-readonly.ts';
import { readHead } from '../../store/sqlite/verify/verify.ts';
import { type Action, readFlags } from '../context.ts';

export const auditHead: Action = {
  help: `Usage: npm run audit -- head [PATH] [--json]

Prints the signed head of the chain. The receiver logs the same line while entries are written, and when it stops. Keep
these lines where whoever can write the database cannot reach them: "audit verify" holds the trail against them.

  --json   one JSON document instead of the line

Exit code: 0 printed, 2 it could not be.

  npm run audit -- head
  npm run -s audit -- head | mail -s 'audit head' auditor@example.com
`,
  run: async (args, { env, write, world }) => {
    const { values, positionals } = readFlags(args, { json: { type: 'boolean', default: false } }, 1);
    const variables = env();
    const secrets = readVariable(variables, 'CALLBACK_SECRET');
    const client = openReadOnly(positionals[0] ?? readVariable(variables, 'DATABASE_PATH'));
    try {
      const head = readHead(client);
      const line = signHead(secrets, head, world.now());
      write(`${values.json ? JSON.stringify({ ...head, line }) : line}\n`);
      return 0;
    } finally {
      client.close();
    }
  },
};
