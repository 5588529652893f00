// The chart of the measure `postgres` in docs/benchmarks.md: how far each figure is beyond its goal, or behind it.

import {
  type CustomSeriesOption,
  type CustomSeriesRenderItemAPI,
  type CustomSeriesRenderItemReturn,
  type EChartsOption,
  init,
} from 'echarts';
import type { Machine } from '../machine.ts';
import { type Goal, type Row, type Spread, verdict } from '../measure.ts';
import { entitled, FAINT, footnote, GRID, INK, machineText, repeatable, stroke, TEXT } from '../plot-parts.ts';
import { goalText, number } from '../table.ts';

const TITLE = 'The receiver on PostgreSQL, by its goals';

const WIDTH = 880;
const ROW_HEIGHT = 40;
const ABOVE = 100;
const BELOW = 84;

const COLOURS = { reached: '#2a8fbd', missed: '#c4622d', 'too noisy to claim': '#a0a7af' } as const;
type Shown = keyof typeof COLOURS;

interface Dot {
  readonly label: string;
  readonly figure: string;
  readonly verdict: Shown;
  /** As shares of the goal: more than 1 is better than the goal. */
  readonly shares: Spread;
}

/** An SVG with its own background, for light and dark pages; the same for the same rows and machine. */
export function plotPostgres(rows: readonly Row[], machine: Machine): string {
  const dots = rows.flatMap(dotOf);
  const chart = init(null, null, {
    ...{ renderer: 'svg', ssr: true, width: WIDTH },
    height: ABOVE + BELOW + ROW_HEIGHT * Math.max(1, dots.length),
  });
  try {
    chart.setOption(optionOf(dots, machineText(machine, serverOf(rows))));
    return entitled(TITLE, repeatable(chart.renderToSVGString()));
  } finally {
    chart.dispose();
  }
}

/** The version that a row states. */
function serverOf(rows: readonly Row[]): string {
  return String(rows.find(({ context }) => context?.['server'])?.context?.['server'] ?? 'PostgreSQL');
}

function dotOf(row: Row): Dot[] {
  const { measure, value, goal, unit } = row;
  const found = verdict(row);
  if (value === null || goal === null || !(found in COLOURS)) return [];
  const figure = `${number(value.median)} ${unit}, goal ${goalText(goal)}`;
  return [{ label: measure.replace(/, from .*/, ''), figure, verdict: found as Shown, shares: sharesOf(value, goal) }];
}

function sharesOf({ median, q1, q3, samples }: Spread, goal: Goal): Spread {
  if ('atLeast' in goal) {
    return { median: median / goal.atLeast, q1: q1 / goal.atLeast, q3: q3 / goal.atLeast, samples };
  }
  const share = (value: number) => goal.atMost / Math.max(value, goal.atMost / MAX_SHARE);
  return { median: share(median), q1: share(q3), q3: share(q1), samples };
}

/** A wake-up may take no time at all. */
const MAX_SHARE = 100;

function optionOf(dots: readonly Dot[], machine: string): EChartsOption {
  const ends = dots.flatMap(({ shares }) => [shares.q1, shares.q3]);
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: TEXT,
    title: {
      text: TITLE,
      subtext:
        'beside a build with Hono, a pg pool of 20 and a transaction each, on the same server in the same rounds',
      ...{ left: 16, top: 12, itemGap: 8 },
      textStyle: { ...TEXT, fontSize: 17 },
      subtextStyle: { ...TEXT, color: FAINT, fontSize: 13 },
    },
    grid: { left: 430, right: 30, top: ABOVE, bottom: BELOW },
    yAxis: {
      type: 'category',
      inverse: true,
      silent: true,
      data: dots.map(({ label, figure }) => `${label}\n{figure|${figure}}`),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: {
        ...{ ...TEXT, fontSize: 12, lineHeight: 16, interval: 0, width: 412, overflow: 'truncate' },
        rich: { figure: { color: FAINT, fontSize: 11, lineHeight: 14 } },
      },
    },
    xAxis: {
      type: 'log',
      silent: true,
      ...{
        logBase: 2,
        min: powerOf2(Math.floor, Math.min(0.5, ...ends)),
        max: powerOf2(Math.ceil, Math.max(2, ...ends)),
      },
      axisLabel: { ...TEXT, color: FAINT, fontSize: 12 },
      splitLine: { lineStyle: { color: GRID } },
    },
    series: [seriesOf(dots)],
    graphic: [
      footnote(36, 'times as good as the goal, whiskers: quartiles over rounds; right of the line the goal is reached'),
      footnote(14, dots.length === 0 ? 'nothing was measured in this run' : machine),
    ],
  };
}

/** Rounds to a power of 2. */
function powerOf2(round: (value: number) => number, value: number): number {
  return 2 ** round(Math.log2(value));
}

function seriesOf(dots: readonly Dot[]): CustomSeriesOption {
  return {
    ...{ type: 'custom', silent: true, encode: { x: 0, y: 1 } },
    data: dots.map(({ shares }, at) => [shares.median, at]),
    renderItem: (_, api) => {
      const at = Number(api.value(1));
      const dot = dots[at];
      return dot === undefined ? null : drawn(dot, at, api);
    },
    markLine: {
      ...{ silent: true, symbol: 'none', data: [{ xAxis: 1 }] },
      lineStyle: { color: FAINT, width: 1.5, type: 'solid' },
      label: { ...TEXT, color: FAINT, fontSize: 12, formatter: 'the goal', position: 'start' },
    },
  };
}

const RADIUS = 5;

function drawn({ shares, verdict }: Dot, row: number, api: CustomSeriesRenderItemAPI): CustomSeriesRenderItemReturn {
  const at = (share: number): readonly [number, number] => {
    const [x = 0, y = 0] = api.coord([share, row]);
    return [x, y];
  };
  const [x, y] = at(shares.median);
  return {
    type: 'group',
    children: [
      stroke(at(shares.q1)[0], y, at(shares.q3)[0], y),
      {
        type: 'circle',
        shape: { cx: x, cy: y, r: RADIUS },
        style: { fill: COLOURS[verdict], stroke: INK, lineWidth: 1 },
      },
    ],
  };
}
