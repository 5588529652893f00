// `executions poll`: asks CXone now.

import type { Action } from '../context.ts';
import { RECEIVER_HELP } from '../receiver.ts';
import { act } from './act.ts';
import { EXECUTION_HELP } from './filters.ts';

export const executionsPoll: Action = {
  help: `Usage: npm run executions -- poll ID [--json]
       npm run executions -- poll --all [FILTERS] [--json]

Has the receiver ask CXone at once what became of an open execution, or of all open ones that match. What CXone says is in
the audit trail a moment later, as is who asked.

${RECEIVER_HELP}

${EXECUTION_HELP}
  --json          one JSON document instead of lines

Exit code: 0 it is asked, 1 there is no such execution or it cannot be polled, 2 it could not be done.

  npm run executions -- poll order-4711
  npm run executions -- poll --all --status PENDING --action look-up-customer
`,
  run: (args, context) => act('poll', args, context),
};
