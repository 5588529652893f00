// The flags that say which executions or entries are meant, and what they may hold.

import { type CommandContext, CommandUsage } from './context.ts';
import { orNearest } from './did-you-mean.ts';

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[Tt]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/;
const AGO = /^(\d{1,6})([smhd])$/;
const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** For the help of whatever takes them. */
export const TIME_HELP = `Times are ISO 8601 with an offset (2026-01-31, 2026-01-31T12:00:00Z), or so long ago: 90s, 30m, 2h, 7d. --to is exclusive.`;

export const PERIOD_FLAGS = { from: { type: 'string' }, to: { type: 'string' } } as const;

/** Milliseconds. @throws {CommandUsage} */
export function readPeriod(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  { world }: Pick<CommandContext, 'world'>,
): { readonly from?: number; readonly to?: number } {
  return {
    ...(from === undefined ? {} : { from: readTime('--from', from, world.now()) }),
    ...(to === undefined ? {} : { to: readTime('--to', to, world.now()) }),
  };
}

function readTime(flag: string, text: string, now: number): number {
  const [, count, unit = ''] = AGO.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (MS[unit] ?? 0);
  const [, date = ''] = MOMENT.exec(text) ?? [];
  const time = date === '' ? Number.NaN : Date.parse(text);
  // Date.parse takes the 30th of February for the 2nd of March.
  if (Number.isNaN(time) || !new Date(date).toISOString().startsWith(date)) {
    throw new CommandUsage(`${flag}: "${text}" is no time. ${TIME_HELP}`);
  }
  return time;
}

/** One of these words, however it is written. @throws {CommandUsage} that names the nearest */
export function oneOf<const W extends string>(flag: string, text: string, words: readonly W[]): W {
  const found = words.find((word) => word.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw new CommandUsage(`${flag}: there is no ${text}${orNearest(text, words)}; it is one of ${words.join(', ')}`);
}

/** @throws {CommandUsage} */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new CommandUsage(`${flag}: must be a whole number from ${least} to ${most}`);
}
