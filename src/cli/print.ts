// Prints lines, numbers and progress: aligned and coloured on a terminal, plain elsewhere.

import { styleText } from 'node:util';
import { grouped } from '../lib/figures.ts';
import type { CommandContext } from './context.ts';
import { clean } from './table.ts';

export type Level = 'ok' | 'warn' | 'fail';

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;
const MARKS: Record<Level, string> = { ok: '✓', warn: '!', fail: '✗' };

export interface Line {
  readonly name: string;
  readonly level: Level;
  readonly message: string;
}

export function printLines(lines: readonly Line[], context: Pick<CommandContext, 'terminal' | 'write'>): void {
  context.write(formatLines(lines, context));
}

/** Writes one JSON document, or else the text for people. */
export function writeResult(
  { write }: Pick<CommandContext, 'write'>,
  json: boolean | undefined,
  value: object,
  text: string,
): void {
  write(`${json ? JSON.stringify(value) : text}\n`);
}

/** Returns a coloured table for a terminal, `level name: message` elsewhere. */
export function formatLines(lines: readonly Line[], { terminal }: Pick<CommandContext, 'terminal'>): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  const formatted = lines.map(({ name, level, message }) => {
    const mark = terminal.colour ? styleText(COLOURS[level], MARKS[level], { validateStream: false }) : MARKS[level];
    const text = clean(message);
    return terminal.out ? `${mark} ${name.padEnd(width)}  ${text}\n` : `${level.padEnd(4)} ${name}: ${text}\n`;
  });
  return formatted.join('');
}

export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10));
  return `${step === 0 ? count : (count / 1024 ** step).toFixed(1)} ${units[step]}`;
}

/** Milliseconds between two lines of progress that are not on a terminal. */
const PLAIN_EVERY_MS = 5_000;
const MOVING_EVERY_MS = 100;

/** Shows progress on stderr: one line that is overwritten on a terminal, a plain line now and then elsewhere. */
export function showProgress(
  what: string,
  { terminal, writeError }: Pick<CommandContext, 'terminal' | 'writeError'>,
  units = 'entries',
) {
  /** The first call: what an earlier process has done, and when counting begins, which may be after other work of the command. */
  let first: { readonly done: number; readonly at: number } | null = null;
  let shown = Number.NEGATIVE_INFINITY;
  return {
    at: (done: number, total: number): void => {
      const now = performance.now();
      if (first === null) {
        first = { done, at: now };
        shown = now;
      }
      if (now - shown < (terminal.err ? MOVING_EVERY_MS : PLAIN_EVERY_MS)) return;
      shown = now;
      const percent = total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total));
      const perSecond = (1000 * (done - first.done)) / (now - first.at);
      const left = perSecond > 0 ? `, ${duration((total - done) / perSecond)} left` : '';
      const speed = `${grouped(Math.round(perSecond))}/s${left}`;
      const line = `${what} ${percent} %: ${grouped(done)} of ${grouped(Math.max(done, total))} ${units}, ${speed}`;
      writeError(terminal.err ? `\r\x1b[K${line.slice(0, terminal.columns - 1)}` : `${line}\n`);
    },
    done: (): void => {
      if (terminal.err && first !== null && shown > first.at) writeError('\r\x1b[K');
    },
  };
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return whole < 120 ? `${whole} s` : `${Math.ceil(whole / 60)} min`;
}

/** Shows progress that is known as a fraction from 0 to 1. */
export function showFraction(what: string, context: Pick<CommandContext, 'terminal' | 'writeError'>) {
  const { at, done } = showProgress(what, context, 'thousandths of the time');
  return { at: (fraction: number): void => at(Math.round(1000 * fraction), 1000), done };
}
