// `executions cancel`: gives up.

import type { Action } from '../context.ts';
import { RECEIVER_HELP } from '../receiver.ts';
import { act } from './act.ts';
import { EXECUTION_HELP } from './filters.ts';

export const executionsCancel: Action = {
  help: `Usage: npm run executions -- cancel ID [--json]
       npm run executions -- cancel --all [FILTERS] [--json]

Gives up an execution, or all open ones that match. Before it is sent nothing is ever sent; after that it is only marked
here, and CXone may run it. What has ended stays as it is. Who did it is in the audit trail.

${RECEIVER_HELP}

${EXECUTION_HELP}
  --json          one JSON document instead of lines

Exit code: 0 done, 1 there is no such execution, 2 it could not be done.

  npm run executions -- cancel order-4711
  npm run executions -- cancel --all --status QUEUED --app shop
`,
  run: (args, context) => act('cancel', args, context),
};
