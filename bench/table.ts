// The output of the bench: the machine, each row when it is known, and at the end the table with its notes.

import { type Column, tableOf } from '../src/cli/table.ts';
import type { Machine } from './machine.ts';
import { type Goal, type Row, type Spread, verdict } from './measure.ts';

export interface Terminal {
  /** True for a terminal: the last column is cut at the end of the line. */
  readonly isTerminal: boolean;
  readonly columns: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { name: 'VERDICT', of: verdict },
  { name: 'FIGURE', of: ({ value, unit }) => (value === null ? null : `${number(value.median)} ${unit}`), right: true },
  { name: 'QUARTILES', of: ({ value }) => value && quartiles(value) },
  { name: 'GOAL', of: ({ goal }) => goal && goalText(goal) },
  { name: 'MEASURE', of: ({ measure }) => measure },
  { name: 'BESIDE', of: ({ beside }) => beside },
];

/** Two lines: machine and programs. */
export function header(machine: Machine): string {
  const { cpu, cores, memoryGib, node, sqlite, fdatasyncsPerSecond, loadAverage, quick } = machine;
  const disk = `${number(fdatasyncsPerSecond)} fdatasync/s`;
  const busy = loadAverage === undefined ? '' : `; load average before the run: ${loadAverage}`;
  return `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${memoryGib} GiB, ${disk}
Node ${node.replace(/^v/, '')}, SQLite ${sqlite}; ${quick ? 'quick: fewer and shorter rounds, smaller databases' : 'full'}${busy}`;
}

/** One row, printed when it is known. */
export function line(row: Row): string {
  const { measure, beside, value, unit, goal, note } = row;
  const what = beside === null ? measure : `${measure}, beside ${beside}`;
  const aim = goal === null ? '' : `, goal ${goalText(goal)}`;
  if (value === null) return `${verdict(row)}: ${what}${note === undefined ? '' : ` (${note})`}`;
  return `${verdict(row)}: ${number(value.median)} ${unit} (${quartiles(value)}${aim}): ${what}`;
}

/** Context that the measure's name already contains. */
const FOR_THE_PLOT = ['variant', 'connections'];

export function table(rows: readonly Row[], { isTerminal, columns }: Terminal): string {
  const notes = rows.flatMap(({ measure, beside, note, context = {} }) => {
    const figures = Object.entries(context)
      .filter(([name]) => !FOR_THE_PLOT.includes(name))
      .map(([name, value]) => `${name} ${figure(value)}`);
    const remarks = [...(note === undefined ? [] : [note]), ...figures];
    return remarks.length === 0
      ? []
      : [`  ${measure}${beside === null ? '' : `, beside ${beside}`}\n    ${remarks.join('; ')}`];
  });
  const terminal = { out: isTerminal, err: false, colour: false, columns };
  const below =
    notes.length === 0
      ? ''
      : `\nThe claims are the ratios. Notes, and figures of this machine alone:\n${notes.join('\n')}\n`;
  return `${tableOf(COLUMNS, rows, { terminal })}${below}`;
}

const SHOWN: readonly string[] = ['reached', 'missed', 'too noisy to claim'];

/** The measured rows with a goal, as a table in Markdown. */
export function markdown(rows: readonly Row[]): string {
  const cells = rows
    .filter((row) => SHOWN.includes(verdict(row)))
    .map((row) => {
      const { measure, beside, value, unit, goal } = row;
      const found = value === null ? '' : `${number(value.median)} ${unit} (${quartiles(value)})`;
      return `| ${measure} | ${beside ?? ''} | ${goal === null ? '' : goalText(goal)} | ${found} | ${verdict(row)} |`;
    });
  return ['| measure | beside | goal | median (quartiles) | |', '| --- | --- | --- | --- | --- |', ...cells].join('\n');
}

function quartiles({ q1, q3, samples }: Spread): string {
  return samples === 1 ? 'one sample' : `${number(q1)}–${number(q3)}`;
}

export function goalText(goal: Goal): string {
  return 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
}

function figure(value: number | string): string {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? WHOLE.format(value) : number(value);
}

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Three significant digits; large numbers are counts and are whole. */
export function number(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return WHOLE.format(value);
  if (size >= 10) return value.toFixed(1);
  return size >= 0.1 || size === 0 ? value.toFixed(2) : String(Number(value.toPrecision(2)));
}
