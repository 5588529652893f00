// `executions …`: submit, look at, and repair executions.

import type { Group } from '../context.ts';
import { executionsCancel } from './cancel.ts';
import { executionsExport } from './export.ts';
import { executionsList } from './list.ts';
import { executionsPoll } from './poll.ts';
import { executionsShow } from './show.ts';
import { executionsSubmit } from './submit.ts';

export const executions: Group = {
  help: `Usage: npm run executions -- list|show|export|submit|poll|cancel …

list, show and export only read the database, while the receiver runs or is down. submit, poll and cancel ask the running
receiver. Each tells more with --help.

  list     executions by status, action, app, id, text and time
  show     one execution with its whole story
  export   executions as CSV or NDJSON
  submit   a new execution, as an app
  poll     asks CXone now what became of one, or of all that match
  cancel   gives up one, or all that match

Exit code: 0 done, 1 there is no such execution or the receiver said no, 2 it could not be done.

  npm run executions -- list --status UNCONFIRMED --from 2h
  npm run executions -- show order-4711
  npm run executions -- poll order-4711
  npm run executions -- export --from 7d --out week.csv
`,
  commands: {
    list: executionsList,
    show: executionsShow,
    export: executionsExport,
    submit: executionsSubmit,
    poll: executionsPoll,
    cancel: executionsCancel,
  },
};
