// The options that several commands share, with the parsers of their values and the end of each command's help.

import { type Command, InvalidArgumentError, Option, type OptionValues } from '@commander-js/extra-typings';
import { readVariable } from '../config/config.ts';
import { AUDIT_EVENTS } from '../execution/event.ts';
import { OPEN_STATUSES, RESOLVED_BY, TERMINAL_STATUSES } from '../execution/execution.ts';
import { createMasking, type Masking, NO_MASKING } from '../execution/masking.ts';
import { withCommandName } from '../lib/command-name.ts';
import { defined } from '../lib/defined.ts';
import { DAY_MS, HOUR_MS, isoTime, MINUTE_MS, readIsoTime, SECOND_MS } from '../lib/time.ts';
import { NOTIFICATION_TYPES } from '../notification/notification.ts';
import type { ExecutionFilter } from '../store/port.ts';
import type { AuditFilter } from '../store/reader-port.ts';
import { type CommandContext, CommandError } from './context.ts';

export const TIME_HELP =
  'Times are ISO 8601 with an offset (2026-01-31, 2026-01-31T12:00:00Z) or an age: 90s, 30m, 2h, 7d. --to is exclusive.';

interface Help {
  readonly description: string;
  /** What the options do not say. */
  readonly notes?: string;
  readonly exitCodes: string;
  readonly examples: readonly string[];
}

interface Describable {
  description(text: string): this;
  addHelpText(position: 'after', text: string): this;
}

/** Declares what a command does, and the end of its help: notes, exit codes and examples. */
export function withHelp<C extends Describable>(command: C, { description, ...end }: Help): C {
  return command.description(description).addHelpText('after', helpEnd(end));
}

export function helpEnd({ notes, exitCodes, examples }: Omit<Help, 'description'>): string {
  const shown = examples.map((example) => `  ${example}`).join('\n');
  return withCommandName(`${notes ? `\n${notes}\n` : ''}\nExit code: ${exitCodes}.\n\nExamples:\n${shown}`);
}

export const jsonOption = new Option('--json', 'print one JSON document');
export const databaseOption = new Option(
  '--database <path>',
  'read this SQLite file, or the PostgreSQL database at this URL, instead of the configured one; for example a backup',
);
export const reasonOption = new Option('--reason <text>', 'why; the audit trail keeps it').makeOptionMandatory();
export const revealOption = new Option(
  '--reveal',
  'show the members of SENSITIVE_FIELDS, and search them; otherwise they are hidden',
);
export const actionOption = new Option('--action <name>', 'only this Data Action');
export const appOption = new Option('--app <name>', 'only this app');
const idOption = new Option('--id <id>', 'only the execution with this correlation id');

/** Returns what hides the members of SENSITIVE_FIELDS, unless `--reveal` shows them. */
export function maskingOf({ reveal }: { readonly reveal?: true }, { env }: Pick<CommandContext, 'env'>): Masking {
  return reveal === true ? NO_MASKING : createMasking(readVariable(env(), 'SENSITIVE_FIELDS') ?? []);
}

/** Returns a point in time when given the current time in milliseconds. */
type Moment = (now: number) => number;

const AGE = /^(\d{1,6})([smhd])$/;
const MS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

function parseMoment(text: string): Moment {
  const [, count, unit = ''] = AGE.exec(text) ?? [];
  if (count !== undefined) return (now) => now - Number(count) * (MS[unit] ?? 0);
  const time = readIsoTime(text);
  if (time === null) throw new InvalidArgumentError(TIME_HELP);
  return () => time;
}

/** Adds the options of a period. @param happened what happened to the items in it: "submitted", for example. */
export function addPeriod<A extends unknown[], O extends OptionValues>(command: Command<A, O>, happened: string) {
  return command
    .addOption(new Option('--from <time>', `only those ${happened} at this time or later`).argParser(parseMoment))
    .addOption(new Option('--to <time>', `only those ${happened} before this time`).argParser(parseMoment));
}

export interface Period {
  readonly from?: Moment | undefined;
  readonly to?: Moment | undefined;
}

/** Returns times in milliseconds. @throws {CommandError} for a period that ends before it begins. */
export function readPeriod(period: Period, { world }: Pick<CommandContext, 'world'>) {
  const now = world.now();
  const [from, to] = [period.from?.(now), period.to?.(now)];
  if (from !== undefined && to !== undefined && from > to) {
    throw new CommandError(`--from (${isoTime(from)}) must not be after --to (${isoTime(to)}).`);
  }
  return defined({ from, to });
}

/** Returns a closed period: until now unless --to is set, and `lengthMs` long unless --from is set. @throws {CommandError} */
export function readClosedPeriod(period: Period, lengthMs: number, context: Pick<CommandContext, 'world'>) {
  const { to = context.world.now(), from = to - lengthMs } = readPeriod(period, context);
  refuseReversed(period, { from, to });
  return { from, to };
}

/** @param given what the command line states of the period: the rest is a default. @throws {CommandError} */
export function refuseReversed(given: Period, { from, to }: Required<Times>): void {
  // promise: default-period-is-not-reversed
  if (from < to) return;
  const shown = (time: number, own: Moment | undefined) =>
    `${isoTime(time)}${own === undefined ? ', the default' : ''}`;
  throw new CommandError(`--from (${shown(from, given.from)}) must be before --to (${shown(to, given.to)}).`);
}

export interface Times {
  readonly from?: number;
  readonly to?: number;
}

/** Returns a parser of whole numbers. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

export function limitOption<const N extends number>(fallback: N, max: number) {
  return new Option('-n, --limit <count>', `at most this many, up to ${max}`)
    .default<number>(fallback)
    .argParser(wholeNumber(1, max));
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** Returns an option that takes one of these words in upper or lower case. */
export function choiceOption<const F extends string, const W extends string>(
  flags: F,
  description: string,
  words: readonly W[],
) {
  const option = new Option<F>(flags, description).choices(words);
  return option.argParser<W>((text: string) => {
    const found = words.find((word) => word.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`Allowed choices are ${words.join(', ')}.`);
  });
}

/** Returns an option that takes the texts that a rule accepts. */
function ruledOption<const F extends string>(
  flags: F,
  description: string,
  { accepts, rule }: { readonly accepts: (text: string) => boolean; readonly rule: string },
) {
  return new Option<F>(flags, description).argParser<string>((text) => {
    if (accepts(text)) return text;
    throw new InvalidArgumentError(rule);
  });
}

const INCIDENT_ID = {
  accepts: (text: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text),
  rule: 'It must be the id of an incident, as "incidents" lists it.',
};

const ORIGIN = {
  accepts: (text: string) => /^https?:/.test(text) && URL.parse(text)?.origin === text,
  rule: 'It must be an origin, as "endpoints" lists it, for example https://hooks.example.',
};

/** Adds the options that select executions. */
export function addExecutionFilters(command: Command) {
  const statuses = ['OPEN' as const, 'AT_CXONE' as const, ...OPEN_STATUSES, ...TERMINAL_STATUSES];
  const selecting = command
    .addOption(
      choiceOption(
        '--status <status>',
        'only this status; OPEN means not ended, AT_CXONE not ended and sent',
        statuses,
      ),
    )
    .addOption(actionOption)
    .addOption(appOption)
    .option('--id <prefix>', 'only correlation ids that begin with this')
    .option('--execution-id <id>', 'only the one with this id at CXone')
    .addOption(ruledOption('--incident <id>', 'only those that this incident affects', INCIDENT_ID))
    .option('--text <text>', 'only those whose inputs, context, result, error or late result contain this');
  return addPeriod(selecting, 'submitted');
}

/** Adds the options that select executions with an outcome, too. */
export function addEndedFilters(command: Command) {
  return addExecutionFilters(command)
    .option('--error <text>', 'only those whose error contains this')
    .addOption(
      choiceOption('--resolved-by <channel>', 'only those whose outcome became known in this way', RESOLVED_BY),
    )
    .addOption(
      secondsOption('--min-duration <seconds>', 'only those that ended this long after their submission, or later'),
    )
    .addOption(
      secondsOption('--max-duration <seconds>', 'only those that ended this long after their submission, or earlier'),
    );
}

export function sortOption() {
  return choiceOption('--sort <order>', 'newest first, the default, or oldest first', ['newest', 'oldest']);
}

/** Returns an option that takes seconds, with up to three decimals. */
function secondsOption<const F extends string>(flags: F, description: string) {
  return new Option<F>(flags, description).argParser<number>((text: string) => {
    if (/^\d{1,8}(?:\.\d{1,3})?$/.test(text)) return Number(text);
    throw new InvalidArgumentError('It must be a number of seconds, with at most three decimals.');
  });
}

type ExecutionOptions = Partial<ReturnType<ReturnType<typeof addEndedFilters>['opts']>>;

export function executionFilter(options: ExecutionOptions, context: Pick<CommandContext, 'world'>): ExecutionFilter {
  const { app = null, status, action: actionId, id, executionId, incident, resolvedBy } = options;
  const [text, error] = [options.text || undefined, options.error || undefined];
  const { minDuration: minDurationSeconds, maxDuration: maxDurationSeconds } = options;
  if (minDurationSeconds !== undefined && maxDurationSeconds !== undefined && minDurationSeconds > maxDurationSeconds) {
    throw new CommandError(
      `--min-duration (${minDurationSeconds}) must not be above --max-duration (${maxDurationSeconds}).`,
    );
  }
  const outcome = { error, resolvedBy, minDurationSeconds, maxDurationSeconds };
  const selected = defined({ status, actionId, id, executionId, text, incident, ...outcome });
  return { app, ...selected, ...readPeriod(options, context) };
}

/** Adds the options that select audit entries. */
export function addAuditFilters(command: Command) {
  return command
    .addOption(idOption)
    .addOption(choiceOption('--event <event>', 'only this event', AUDIT_EVENTS))
    .addOption(actionOption)
    .addOption(appOption);
}

type AuditOptions = ReturnType<ReturnType<typeof addAuditFilters>['opts']>;

export function auditFilter({ app, event, action, id }: AuditOptions): AuditFilter {
  return { app, event, actionId: action, correlationId: id };
}

/** Adds the options that select notifications. */
export function addNotificationFilters(command: Command) {
  const selecting = command
    .addOption(notificationTypeOption())
    .addOption(appOption)
    .addOption(idOption)
    .addOption(
      ruledOption('--endpoint <origin>', 'only those to this endpoint: scheme, host and port of the URL', ORIGIN),
    );
  return addPeriod(selecting, 'created');
}

type NotificationOptions = ReturnType<ReturnType<typeof addNotificationFilters>['opts']>;

export function notificationFilter(options: NotificationOptions, context: Pick<CommandContext, 'world'>) {
  const { type, app, id: correlationId, endpoint } = options;
  return { ...defined({ type, app, correlationId, endpoint }), ...readPeriod(options, context) };
}

/** The part before the full stop is the same for all types and may be omitted. */
function notificationTypeOption() {
  const short = NOTIFICATION_TYPES.map((type) => type.replace('execution.', ''));
  return new Option('--type <type>', 'only this type').choices(short).argParser((text: string) => {
    const wanted = text.toLowerCase().replace(/^(?:execution\.)?/, 'execution.');
    const found = NOTIFICATION_TYPES.find((type) => type === wanted);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`Allowed choices are ${short.join(', ')}.`);
  });
}
