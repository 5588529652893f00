// Aligned tables. On a terminal the last column is cut at the end of the line.

import { styleText } from 'node:util';
import type { CommandContext } from './context.ts';

type Cell = string | number | null;

export interface Column<R> {
  readonly name: string;
  readonly of: (row: R) => Cell;
  /** Aligns to the right, for numbers. */
  readonly right?: boolean;
  /** For tables whose later rows are not known yet. */
  readonly minWidth?: number;
}

const GAP = '  ';
/** Width of the last column in characters, however narrow the terminal is. */
const MIN_LAST_WIDTH = 24;

/** @param heading whether to print the names of the columns. */
export function tableOf<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  { terminal }: Pick<CommandContext, 'terminal'>,
  heading = true,
): string {
  const cells = rows.map((row) => columns.map(({ of }) => clean(of(row))));
  const widths = columns.map(({ name, minWidth = 0 }, at) =>
    cells.reduce((widest, line) => Math.max(widest, lengthOf(line[at] ?? '')), Math.max(name.length, minWidth)),
  );
  const line = (texts: readonly string[]) => {
    const padded = texts.map((text, at) => {
      const gap = ' '.repeat(Math.max(0, (widths[at] ?? 0) - lengthOf(text)));
      return columns[at]?.right ? gap + text : text + gap;
    });
    const others = padded.slice(0, -1).map((text) => text + GAP);
    const last = (padded.at(-1) ?? '').trimEnd();
    const room = Math.max(MIN_LAST_WIDTH, terminal.columns - lengthOf(others.join('')));
    // Only the last column is cut: ids and numbers must stay whole, because they are copied.
    return (others.join('') + (terminal.out ? cut(last, room) : last)).trimEnd();
  };
  const head = line(columns.map(({ name }) => name));
  const lines = cells.map(line);
  return `${[...(heading ? [terminal.colour ? styleText('bold', head, { validateStream: false }) : head] : []), ...lines].join('\n')}\n`;
}

/** Replaces control characters, so that text from elsewhere cannot move the cursor or colour the terminal. */
export function clean(cell: Cell): string {
  if (cell === null || cell === '') return '-';
  // promise: table-has-no-control-characters
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are what it replaces
  return String(cell).replaceAll(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
}

function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}

function lengthOf(text: string): number {
  return [...text].length;
}
