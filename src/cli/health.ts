// `health`: shows whether callbacks arrive, per action and hour, and since when they do not.

import { CAUSES, type Incident, representIncident } from '../incident/incident.ts';
import { yieldToEventLoop } from '../lib/event-loop.ts';
import { many, percent } from '../lib/figures.ts';
import { DAY_MS, isoTime } from '../lib/time.ts';
import { arrivalGroupOf, createChannelCounts } from '../stats/callback-health/channels.ts';
import {
  BASELINE_MS,
  type Health,
  type HealthHour,
  type HealthPeriod,
  healthIn,
  healthOf,
  MAX_LIFETIME_MS,
  missingIn,
} from '../stats/callback-health/health.ts';
import { observeAll } from '../stats/observe-all.ts';
import { createRepeatBook, type RepeatGroup } from '../stats/repeat-book.ts';
import { formatMs } from '../stats/timing-advice/advice.ts';
import type { Observation } from '../store/observations-port.ts';
import { type CountedPause, pauseNotice } from '../store/pauses-port.ts';
import type { StoreReader } from '../store/reader-port.ts';
import type { UnknownWord } from '../store/statistics-port.ts';
import { type ClockState, clockOf } from './clock-state.ts';
import type { CommandContext, Declare } from './context.ts';
import { withDatabase } from './database.ts';
import { hasCause, incidentLine, openIncidents } from './open-incidents.ts';
import {
  actionOption,
  addPeriod,
  databaseOption,
  jsonOption,
  readClosedPeriod,
  TIME_HELP,
  withHelp,
} from './options.ts';
import { readPollInterval } from './poll-interval.ts';
import { type Line, printLines, showFraction } from './print.ts';
import { type Column, tableOf } from './table.ts';

export const health: Declare = (command, context) =>
  withHelp(addPeriod(command, 'ended'), {
    description: `Shows how outcomes arrived in the last 24 hours, per action and hour: by callback, by poll, in the
submit response, or not in time; how many callbacks were missed; and how much later than the poll a callback arrived, if
both did. An hour with more missed callbacks than the action had in the 7 days before is an alert. Reads the database,
while the receiver runs or is down.`,
    notes: `MISSED: no callback had arrived when a poll or the deadline ended the execution. LATER: those of them whose callback
arrived afterwards. SKEW: callback time minus poll time, median and 95th percentile, rounded by at most 2.5 %.

An hour is an alert if it has at least 20 outcomes, its share of missed callbacks is 5 points higher than in the 7 days
before, and chance alone would produce it in less than one of 1,000 hours. An action with fewer than 100 outcomes in those
days is compared with one half. If the upstream profile does not request callbacks, none is missed.

Status words that the profile did not list when they arrived are shown with their reports and time-outs. Repeats that the audit
trail counts are shown by event and action: CXone or an app calls without end. A clock that was set back is shown for a day.
What an administrator has paused is shown until it is resumed.

Without --to, incidents that last come first; a critical one is an alert, too.

With --json: {"from", "to", "hours", "alerts", "incidents", "unknownWords", "repeats",
"pauses", "clock"}; shares are from 0 to 1, skews in milliseconds.
${TIME_HELP}`,
    exitCodes: '0 callbacks arrive as before, 1 there is an alert, 2 the command could not be carried out',
    examples: ['npm run -s health', 'npm run -s health -- --from 3d --action look-up-customer'],
  })
    .addOption(actionOption)
    .addOption(jsonOption)
    .addOption(databaseOption)
    .action(async (options) => {
      const { action, json = false } = options;
      const { from, to } = readClosedPeriod(options, DAY_MS, context);
      const { callbackless } = readPollInterval(context.env());
      const found = await withDatabase(context, options.database, async (reader) => {
        const period = { from, to, callbackless, ...(action !== undefined && { actionId: action }) };
        const { isComplete, countedFrom: _, ...counted } = await healthIn(reader, period);
        const found = isComplete ? counted : await readHealth(reader, period, context);
        const unknownWords = (await reader.unknownWords()).map((one) => {
          return { ...one, firstAt: isoTime(one.firstAt), lastAt: isoTime(one.lastAt) };
        });
        const clock = await clockOf(reader, context.world.now());
        const repeats = await repeatsSince(reader, from);
        const pauses = (await reader.sendingPauses()).map((one) => ({ ...one, since: isoTime(one.since) }));
        const incidents = options.to === undefined ? await openIncidents(reader) : [];
        return { ...found, incidents, unknownWords, repeats, pauses, clock };
      });
      show(found, json, callbackless, context);
      const isCritical = found.incidents.some(({ cause }) => CAUSES[cause] === 'critical');
      if (found.alerts.length > 0 || isCritical) context.exitCode = 1;
    });

/** Reads the executions: the roll-ups do not count all of them. */
async function readHealth(reader: StoreReader, period: HealthPeriod, context: CommandContext): Promise<Health> {
  const { from, to, actionId } = period;
  const book = createChannelCounts();
  const progress = showFraction('reading', context);
  const wanted = { from: from - BASELINE_MS - MAX_LIFETIME_MS, to, ...(actionId !== undefined && { actionId }) };
  const take = (observation: Observation) => {
    const group = arrivalGroupOf(observation);
    if (group !== null) book.add(group);
  };
  await observeAll(reader, wanted, take, async (done) => {
    progress.at(done);
    await yieldToEventLoop();
  });
  progress.done();
  const counts = book.all();
  return healthOf({ counts, missing: missingIn(counts) }, from, to, period);
}

interface Found extends Health {
  /** Those that have not ended, the worst first; none for a period of the past. */
  readonly incidents: readonly Incident[];
  readonly unknownWords: readonly UnknownWordTimes[];
  readonly repeats: readonly RepeatGroup[];
  readonly pauses: readonly PauseTimes[];
  readonly clock: ClockState;
}

interface PauseTimes extends Omit<CountedPause, 'since'> {
  readonly since: string;
}

interface UnknownWordTimes extends Omit<UnknownWord, 'firstAt' | 'lastAt'> {
  readonly firstAt: string;
  readonly lastAt: string;
}

function show(found: Found, json: boolean, callbackless: boolean, context: CommandContext): void {
  if (json) {
    context.write(`${JSON.stringify({ ...found, incidents: found.incidents.map(representIncident) })}\n`);
    return;
  }
  context.writeError(`Ended from ${found.from} to ${found.to}\n`);
  const alerts = found.alerts.map(({ message }): Line => ({ name: 'alert', level: 'fail', message }));
  const well: Line = { name: 'callbacks', level: 'ok', message: wordsOfNoAlert(found, callbackless) };
  const warning = (name: string, message: string): Line => ({ name, level: 'warn', message });
  const words = found.unknownWords.map(({ word, firstAt, reports, timeouts }) => {
    const since = `${many(reports, 'report')} since ${firstAt}, ${many(timeouts, 'execution')} timed out under it`;
    const advice = 'if it is not progress, list it under "words" in the profile';
    return warning('word', `${JSON.stringify(word)}: ${since}; ${advice}`);
  });
  const repeats = found.repeats.map(({ message }) =>
    warning('repeats', `${message}: see RepeatsCounted in the runbook`),
  );
  const pauses = found.pauses.map(({ since, ...pause }) =>
    warning('paused', pauseNotice({ ...pause, since: Date.parse(since) })),
  );
  const { notice } = found.clock;
  const clock = notice === null || hasCause(found.incidents, ['ClockSet']) ? [] : [warning('clock', notice)];
  // First what needs attention: the table may be longer than the screen.
  const incidents = found.incidents.map(incidentLine);
  printLines(
    [...incidents, ...alerts, ...pauses, ...words, ...repeats, ...clock, ...(alerts.length === 0 ? [well] : [])],
    context,
  );
  context.write(`\n${tableOf(COLUMNS, found.hours, context)}`);
}

function wordsOfNoAlert({ hours }: Found, callbackless: boolean): string {
  if (callbackless) return 'are not requested by the upstream profile';
  return hours.length === 0
    ? 'were not due: no execution ended in this time'
    : 'arrive as they did in the 7 days before';
}

async function repeatsSince(reader: StoreReader, from: number): Promise<RepeatGroup[]> {
  const book = createRepeatBook();
  for await (const batch of reader.countedRepeats(from)) {
    for (const one of batch) book.add(one);
    await yieldToEventLoop();
  }
  return book.groups(from);
}

const COLUMNS: readonly Column<HealthHour>[] = [
  { name: 'HOUR', of: ({ hour }) => hour.slice(0, 16).replace('T', ' ') },
  { name: 'ACTION', of: ({ actionId }) => actionId },
  { name: 'CALLBACK', of: ({ byCallback }) => byCallback, right: true },
  { name: 'POLL', of: ({ byPoll }) => byPoll, right: true },
  { name: 'SUBMIT', of: ({ bySubmit }) => bySubmit, right: true },
  { name: 'TIMEOUT', of: ({ timedOut }) => timedOut, right: true },
  { name: 'MISSED', of: missed, right: true },
  { name: 'LATER', of: ({ calledBackLater }) => calledBackLater, right: true },
  { name: 'SKEW P50', of: ({ skewMs }) => seconds(skewMs?.p50), right: true },
  { name: 'P95', of: ({ skewMs }) => seconds(skewMs?.p95), right: true },
  { name: '', of: ({ verdict }) => (verdict === 'risen' || verdict === 'missing' ? 'ALERT' : ' ') },
];

function missed({ missed: count, byCallback, byPoll, timedOut }: HealthHour): string | null {
  return percent(count, byCallback + byPoll + timedOut);
}

function seconds(ms: number | undefined): string | null {
  if (ms === undefined) return null;
  return `${ms < 0 ? '-' : '+'}${formatMs(Math.abs(ms))}`;
}
