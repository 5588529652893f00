// `audit …`: reads, verifies and exports the audit trail.

import type { Declare } from '../context.ts';
import { withHelp } from '../options.ts';
import { auditExport } from './export.ts';
import { auditHead } from './head.ts';
import { importExports } from './import.ts';
import { auditQuery } from './query.ts';
import { auditTail } from './tail.ts';
import { auditVerify } from './verify.ts';

export const audit: Declare = (command, context) => {
  withHelp(command, {
    description: 'Reads, verifies and exports the audit trail. Works while the receiver runs or is down.',
    exitCodes: '0 done, 1 a change was found (verify), 2 the command could not be carried out',
    examples: [
      'npm run -s audit -- query --event CALLBACK_CONFLICT --from 7d',
      'npm run -s audit -- tail --app shop',
      'npm run -s audit -- verify --head /var/log/receiver.log',
    ],
  });
  auditQuery(command.command('query').summary('print the newest entries that match'), context);
  auditTail(command.command('tail').summary('print entries as they are written'), context);
  auditVerify(command.command('verify').summary('verify the hash chain and the rows'), context);
  auditHead(command.command('head').summary('print the signed end of the chain'), context);
  auditExport(command.command('export').summary('write the trail as CSV or NDJSON'), context);
  importExports(command.command('import').summary('make a database from exports, for inspection'), context);
};
