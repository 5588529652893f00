// Durations over time as bands of percentiles on a logarithmic scale, with limits drawn in.

import { html } from 'hono/html';
import type { RunTimes } from '../../../stats/action-course.ts';
import type { Html } from '../../html.ts';
import { COLUMN, type Figure, figure, HEIGHT, type Line, round } from './figure.ts';
import { durationTicks } from './ticks.ts';

/** Percentiles of one column in milliseconds. */
type Percentiles = Omit<RunTimes, 'count'>;

export interface Limit {
  readonly ms: number;
  readonly label: string;
  readonly kind: 'grace' | 'deadline';
}

export interface Bands extends Omit<Figure, 'columns' | 'kinds' | 'shapes' | 'lines'> {
  /** Null where nothing was measured. */
  readonly columns: readonly { readonly tooltip: string; readonly times: Percentiles | null }[];
  readonly limits: readonly Limit[];
}

const KINDS = [
  { name: 'Median', look: 'line-plain' },
  { name: '25 to 75 %', look: 'band-inner' },
  { name: '5 to 95 %', look: 'band-outer' },
];

/** The share of the height above the highest value, for its label. */
const HEADROOM = 0.15;
/** The least height of a band in units: equal durations remain visible. */
const MIN_HEIGHT = 1;

export function bands({ columns, limits, ...rest }: Bands): Html {
  const times = columns.flatMap((column) => column.times ?? []);
  const values = [...times.flatMap(({ p5, p95 }) => [p5, p95]), ...limits.map(({ ms }) => ms)].map(atLeastOne);
  const highest = Math.max(10, ...values);
  const ticks = durationTicks(values.length === 0 ? 1 : Math.min(...values), highest);
  const least = ticks[0]?.value ?? 1;
  const greatest = least * (highest / least) ** (1 / (1 - HEADROOM));
  const y = (ms: number) => HEIGHT * (1 - Math.log(atLeastOne(ms) / least) / Math.log(greatest / least));

  const band = (low: keyof Percentiles, high: keyof Percentiles) =>
    eachColumn(columns, ({ [low]: from, [high]: to }, x) => {
      const height = Math.max(MIN_HEIGHT, y(from) - y(to));
      return `M${x} ${round(y(to))}h${COLUMN}v${round(height)}h-${COLUMN}z`;
    });
  const line = eachColumn(columns, ({ p50 }, x) => `M${x} ${round(y(p50))}h${COLUMN}`);
  const grid = ticks.slice(1).map(({ value, label }): Line => ({ y: y(value), label, kind: 'grid' }));
  return figure({
    ...rest,
    kinds: KINDS,
    columns: columns.map(({ tooltip }) => tooltip),
    shapes: html`<path class="band-outer" d="${band('p5', 'p95')}"/><path class="band-inner" d="${band('p25', 'p75')}"/><path class="line-plain" d="${line}"/>`,
    lines: times.length === 0 ? [{ y: 0, label: 'no data', kind: 'grid' }] : [...grid, ...limitsAt(limits, y)],
  });
}

function eachColumn(columns: Bands['columns'], draw: (times: Percentiles, x: number) => string): string {
  return columns.map(({ times }, index) => (times === null ? '' : draw(times, index * COLUMN))).join('');
}

function limitsAt(limits: readonly Limit[], y: (ms: number) => number): Line[] {
  return limits.map(({ ms, label, kind }) => ({ y: y(ms), label, kind }));
}

/** The logarithm of 0 is not a number. */
function atLeastOne(ms: number): number {
  return Math.max(1, ms);
}
