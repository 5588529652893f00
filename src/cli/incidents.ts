// `incidents`: lists incidents of the running receiver, the worst first, and acknowledges one.

import { affectedText, extentText, INCIDENT_STATES, type representIncident } from '../incident/incident.ts';
import { grouped } from '../lib/figures.ts';
import { secondsTime } from '../lib/time.ts';
import { type CommandContext, CommandError, type Declare } from './context.ts';
import { choiceOption, jsonOption, limitOption, withHelp } from './options.ts';
import { writeResult } from './print.ts';
import { asOperator, RECEIVER_HELP } from './receiver.ts';
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
  { name: 'SINCE', of: ({ startedAt }) => secondsTime(Date.parse(startedAt)) },
  { name: 'ENDED', of: ({ endedAt }) => (endedAt === null ? null : secondsTime(Date.parse(endedAt))) },
  { name: 'EXTENT', of: (incident) => extentText(incident, grouped), right: true },
  { name: 'ACTION OR APP', of: (incident) => affectedText(incident) },
  { name: 'BY', of: ({ acknowledgedBy }) => acknowledgedBy?.replace('operator:', '') ?? null },
  { name: 'RUNBOOK', of: ({ cause }) => cause },
  { name: 'ID', of: ({ id }) => id },
  { name: 'PROBLEM', of: ({ problem }) => problem },
];

export const incidents: Declare = (command, context) =>
  withHelp(command, {
    description: `Lists incidents, the worst first: problems with one cause each, for 30 days after their end. With
--acknowledge, other operators see that you look after one.`,
    notes: `With --json: the response of GET /v1/incidents or POST /v1/incidents/{id}/acknowledge.\n${RECEIVER_HELP}`,
    exitCodes: '0 no incident lasts, 1 at least one that is listed lasts, 2 the command could not be carried out',
    examples: ['npm run -s incidents', 'npm run -s incidents -- --acknowledge 019c1405-7a00-7000-8000-000000000002'],
  })
    .option('--acknowledge <incident>', 'note that you look after this incident, as an administrator')
    .option('--reason <text>', 'with --acknowledge: what the list of activity keeps')
    .addOption(choiceOption('--state <state>', 'only those in this state', INCIDENT_STATES))
    .addOption(limitOption(20, MAX_LISTED))
    .addOption(jsonOption)
    .action(async ({ acknowledge, reason, state, limit, json = false }) => {
      if (acknowledge !== undefined) return acknowledgeOne(context, { id: acknowledge, reason, json });
      if (reason !== undefined) throw new CommandError('--reason requires --acknowledge');
      const query = new URLSearchParams({ limit: String(limit), ...(state && { state }) });
      const page = await asOperator(context)<Page>('GET', `/v1/incidents?${query}`);
      if (page.items.some(({ endedAt }) => endedAt === null)) context.exitCode = 1;
      if (json) context.write(`${JSON.stringify(page)}\n`);
      else if (page.items.length === 0) context.writeError('There is no incident.\n');
      else context.write(tableOf(COLUMNS, page.items, context));
    });

interface Acknowledge {
  readonly id: string;
  readonly reason: string | undefined;
  readonly json: boolean;
}

async function acknowledgeOne(context: CommandContext, { id, reason, json }: Acknowledge): Promise<void> {
  const path = `/v1/incidents/${encodeURIComponent(id)}/acknowledge` as const;
  const options = reason === undefined ? {} : { body: { reason } };
  const incident = await asOperator(context)<Shown>('POST', path, options);
  const { problem, acknowledgedBy, endedAt } = incident;
  const ended = endedAt === null ? '' : ' It has ended.';
  const text =
    acknowledgedBy === null
      ? `Not acknowledged: ${problem}.`
      : `${acknowledgedBy.replace('operator:', '')} looks after it: ${problem}.`;
  writeResult(context, json, incident, text + ended);
}
