// `incidents`: lists incidents of the running receiver, the worst first, and acknowledges one.

import { createClient } from '../client/client.ts';
import { extentText, INCIDENT_STATES } from '../incident/incident.ts';
import type { representIncident } from '../incident/representation.ts';
import type { CommandContext, Declare } from './context.ts';
import { choiceOption, helpEnd, jsonOption, limitOption } from './options.ts';
import { asOperator, callReceiver, RECEIVER_HELP } from './receiver.ts';
import { type Column, tableOf } from './table.ts';

/** As the API represents it. */
type Shown = ReturnType<typeof representIncident>;

interface Page {
  readonly items: readonly Shown[];
  readonly more: boolean;
}

const MAX_LISTED = 200;

const COLUMNS: readonly Column<Shown>[] = [
  { name: 'SEVERITY', of: ({ severity }) => severity },
  { name: 'STATE', of: ({ state }) => state },
  { name: 'SINCE', of: ({ startedAt }) => toSeconds(startedAt) },
  { name: 'ENDED', of: ({ endedAt }) => (endedAt === null ? null : toSeconds(endedAt)) },
  { name: 'EXTENT', of: (incident) => extentText(incident), right: true },
  { name: 'ACTION OR APP', of: ({ actions, apps }) => (actions.length > 0 ? actions : apps).join(', ') },
  { name: 'BY', of: ({ acknowledgedBy }) => acknowledgedBy },
  { name: 'RUNBOOK', of: ({ cause }) => cause },
  { name: 'ID', of: ({ id }) => id },
  { name: 'PROBLEM', of: ({ problem }) => problem },
];

export const incidents: Declare = (command, context) =>
  command
    .description(
      `Lists incidents, the worst first: problems with one cause each, for 30 days after their end. With --acknowledge, other
operators see that you look after one.`,
    )
    .option('--acknowledge <incident>', 'note that you look after this incident, as an administrator')
    .addOption(choiceOption('--state <state>', 'only those in this state', INCIDENT_STATES))
    .addOption(limitOption(20, MAX_LISTED))
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd(
        `With --json: the response of GET /v1/incidents or POST /v1/incidents/{id}/acknowledge.\n${RECEIVER_HELP}`,
        '0 no incident lasts, 1 at least one that is listed lasts, 2 the command could not be carried out',
        ['npm run -s incidents', 'npm run -s incidents -- --acknowledge 019c1405-7a00-7000-8000-000000000002'],
      ),
    )
    .action(async ({ acknowledge, state, limit, json = false }) => {
      if (acknowledge !== undefined) return acknowledgeOne(context, acknowledge, json);
      const connection = asOperator(context);
      const { request } = createClient(connection);
      const query = new URLSearchParams({ limit: String(limit), ...(state && { state }) });
      const page = await callReceiver(connection, () => request<Page>('GET', `/v1/incidents?${query}`));
      if (page.items.some(({ endedAt }) => endedAt === null)) context.exitCode = 1;
      if (json) context.write(`${JSON.stringify(page)}\n`);
      else if (page.items.length === 0) context.writeError('There is no incident.\n');
      else context.write(tableOf(COLUMNS, page.items, context));
    });

async function acknowledgeOne(context: CommandContext, id: string, json: boolean): Promise<void> {
  const connection = asOperator(context);
  const path = `/v1/incidents/${encodeURIComponent(id)}/acknowledge` as const;
  const incident = await callReceiver(connection, () => createClient(connection).request<Shown>('POST', path));
  const { problem, acknowledgedBy, endedAt } = incident;
  const ended = endedAt === null ? '' : ' It has ended.';
  const text =
    acknowledgedBy === null ? `Not acknowledged: ${problem}.` : `${acknowledgedBy} looks after it: ${problem}.`;
  context.write(`${json ? JSON.stringify(incident) : text + ended}\n`);
}

function toSeconds(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')}Z`;
}
