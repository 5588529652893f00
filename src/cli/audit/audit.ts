// `audit …`: what happened, whether it is what was written, and the line that proves it later.

import type { Group } from '../context.ts';
import { auditExport } from './export.ts';
import { auditHead } from './head.ts';
import { auditQuery } from './query.ts';
import { auditTail } from './tail.ts';
import { auditVerify } from './verify.ts';

export const audit: Group = {
  help: `Usage: npm run audit -- query|tail|verify|head|export …

All of them only read, may run while the receiver does or while it is down, and take DATABASE_PATH. Each tells more with
--help.

  query    audit entries by app, event, action, execution and time
  tail     entries as they are written
  verify   whether trail and rows are as they were written
  head     the signed end of the chain, to be kept elsewhere
  export   the trail as CSV or NDJSON

Exit code: 0 done, 1 something was found (verify), 2 it could not be done.

  npm run audit -- query --id order-4711
  npm run audit -- query --event CALLBACK_CONFLICT --from 7d
  npm run audit -- tail --app shop
  npm run audit -- verify --head /var/log/receiver.log
  npm run audit -- export --out audit.ndjson
`,
  commands: { query: auditQuery, tail: auditTail, verify: auditVerify, head: auditHead, export: auditExport },
};
