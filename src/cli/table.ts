// Tables for people: aligned; on a terminal what stands last is cut where the line ends, elsewhere all of it is there.

import type { CommandContext } from './context.ts';

type Cell = string | number | null;

export interface Column<R> {
  readonly name: string;
  readonly of: (row: R) => Cell;
  /** Numbers stand on the right. */
  readonly right?: boolean;
  /** So wide at least, for tables that go on growing. */
  readonly least?: number;
}

const BOLD = '\x1b[1m';
const PLAIN = '\x1b[0m';
const GAP = '  ';
/** So much of what stands last is shown at least. */
const LEAST_ROOM = 24;

/** @param heading whether the names of the columns stand above. */
export function tableOf<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  { terminal }: Pick<CommandContext, 'terminal'>,
  heading = true,
): string {
  const cells = rows.map((row) => columns.map(({ of }) => clean(of(row))));
  const widths = columns.map(({ name, least = 0 }, at) =>
    cells.reduce((widest, line) => Math.max(widest, lengthOf(line[at] ?? '')), Math.max(name.length, least)),
  );
  const line = (texts: readonly string[]) => {
    const padded = texts.map((text, at) => {
      const gap = ' '.repeat(Math.max(0, (widths[at] ?? 0) - lengthOf(text)));
      return columns[at]?.right ? gap + text : text + gap;
    });
    const others = padded.slice(0, -1).map((text) => text + GAP);
    const last = (padded.at(-1) ?? '').trimEnd();
    const room = Math.max(LEAST_ROOM, terminal.columns - lengthOf(others.join('')));
    // Ids and numbers are there to be taken over: they are never cut, but wrap.
    return (others.join('') + (terminal.out ? cut(last, room) : last)).trimEnd();
  };
  const head = line(columns.map(({ name }) => name));
  const lines = cells.map(line);
  return `${[...(heading ? [terminal.colour ? `${BOLD}${head}${PLAIN}` : head] : []), ...lines].join('\n')}\n`;
}

/** What others wrote must not move the cursor or colour the terminal of whoever reads it: a control character shows as a sign. */
export function clean(cell: Cell): string {
  if (cell === null || cell === '') return '-';
  // promise: table-has-no-control-characters
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  return String(cell).replaceAll(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
}

function cut(text: string, width: number): string {
  const signs = [...text];
  return signs.length <= width ? text : `${signs.slice(0, width - 1).join('')}…`;
}

function lengthOf(text: string): number {
  return [...text].length;
}
