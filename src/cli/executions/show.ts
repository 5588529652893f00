// `executions show`: one execution with its whole story.

import type { Database } from 'better-sqlite3';
import { readJson } from '../../execution/json.ts';
import { representEntry, representExecution } from '../../execution/representation.ts';
import { scanAuditTrail } from '../../store/sqlite/queries/audit.ts';
import { findStoredExecution, type StoredExecution } from '../../store/sqlite/queries/executions.ts';
import { ENTRY_COLUMNS } from '../audit/filters.ts';
import { type Action, CommandError, CommandUsage, readFlags } from '../context.ts';
import { DATABASE_FLAG, withDatabase } from '../database.ts';
import { tableOf } from '../table.ts';
import { factsOf } from './format-execution.ts';

const FLAGS = {
  ...DATABASE_FLAG,
  payloads: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** What is the same for all entries of one execution stands above. */
const SHOWN = ENTRY_COLUMNS.filter(({ name }) => !['APP', 'ACTION', 'CORRELATION ID'].includes(name));

export const executionsShow: Action = {
  help: `Usage: npm run executions -- show ID [--payloads] [--json]

One execution, as it stands and with every audit entry, oldest first.

  --payloads      its inputs and context, result and error too: what may be nobody's business else
  --json          one JSON document {"execution": {...}, "audit": [...]}
  --database PATH another file than DATABASE_PATH, such as a backup

Exit code: 0 done, 1 there is no such execution, 2 it could not be done.

  npm run executions -- show order-4711
  npm run -s executions -- show order-4711 --payloads --json | jq .execution.inputs
`,
  run: async (args, context) => {
    const { values, positionals } = readFlags(args, FLAGS, 1);
    const [id] = positionals;
    if (id === undefined) throw new CommandUsage('Say which execution, by its correlation id.');
    const found = await withDatabase(context, values.database, (client) => storyOf(client, id));
    if (found === null) throw new CommandError(`There is no execution ${id}.`, 1);
    const execution = withPayloads(found.browsed, values.payloads);
    if (values.json) {
      context.write(`${JSON.stringify({ execution, audit: found.entries.map(representEntry) })}\n`);
      return 0;
    }
    context.write(`${factsOf(execution)}\n${tableOf(SHOWN, found.entries, context)}`);
    return 0;
  },
};

function storyOf(client: Database, id: string) {
  // One snapshot, so that row and trail are of one moment.
  return client.transaction(() => {
    const browsed = findStoredExecution(client, id);
    if (browsed === undefined) return null;
    const stretches = [...scanAuditTrail(client, { correlationId: id }, 'oldest-first')];
    return { browsed, entries: stretches.flatMap(({ found }) => found.map(({ entry }) => entry)) };
  })();
}

function withPayloads({ execution, inputs, context, payloadPrunedAt }: StoredExecution, payloads: boolean) {
  const { result, error, lateResult, ...others } = representExecution(execution);
  const facts = { ...others, payloadPrunedAt };
  if (!payloads) {
    const late = lateResult && { status: lateResult.status, via: lateResult.via, receivedAt: lateResult.receivedAt };
    return { ...facts, lateResult: late };
  }
  return { ...facts, inputs: parsed(inputs), context: parsed(context), result, error, lateResult };
}

function parsed(text: string | null) {
  return text === null ? null : readJson(text);
}
