// The chart of docs/benchmarks.md: requests per second of each build as a share of a bare handler.

import {
  type CustomSeriesOption,
  type CustomSeriesRenderItemAPI,
  type CustomSeriesRenderItemReturn,
  type EChartsOption,
  init,
  type LineSeriesOption,
} from 'echarts';
import type { Machine } from './machine.ts';
import type { Row, Spread } from './measure.ts';
import { entitled, FAINT, footnote, GRID, INK, machineText, repeatable, stroke, TEXT } from './plot-parts.ts';

const TITLE = 'Requests a second, each on disk before it is answered';

const WIDTH = 880;
const HEIGHT = 500;

interface Look {
  /** The name in the context of the rows of the throughput measure. */
  readonly variant: string;
  readonly name: string;
  readonly colour: string;
}

const LOOKS: readonly Look[] = [
  { variant: 'receiver', name: 'this receiver', colour: '#2a8fbd' },
  { variant: 'postgres', name: 'Hono and PostgreSQL, a transaction each, unpinned', colour: '#c9a227' },
  { variant: 'obvious', name: 'Hono and better-sqlite3, a transaction each', colour: '#a0a7af' },
];

const BARE = 'a bare Hono handler';

/** One group of bars. */
interface Group {
  readonly label: string;
  /** The rows that belong to it, by measure and connections. */
  readonly has: (row: Row) => boolean;
}

interface Bar {
  readonly look: Look;
  readonly value: Spread;
  readonly goal: number | null;
}

/** An SVG with its own background, for light and dark pages; the same for the same rows and machine. */
export function plot(rows: readonly Row[], machine: Machine): string {
  const compared = rows.filter(({ beside, unit, value }) => beside === BARE && unit === 'times' && value !== null);
  const groups = groupsOf(compared);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption(
      optionOf(
        groups,
        groups.map((group) => barsOf(compared, group)),
        machine,
      ),
    );
    return entitled(TITLE, repeatable(chart.renderToSVGString()));
  } finally {
    chart.dispose();
  }
}

function groupsOf(rows: readonly Row[]): Group[] {
  const calling = rows.filter(({ measure }) => measure.includes('callbacks/s'));
  const settings = [...new Set(calling.map(({ context }) => String(context?.['connections'])))];
  const callbacks = settings.map((setting) => ({
    label: inTwoLines(setting),
    has: ({ measure, context }: Row) => measure.includes('callbacks/s') && context?.['connections'] === setting,
  }));
  const submissions = {
    label: 'submissions,\n64 kept-alive',
    has: ({ measure }: Row) => measure.startsWith('submissions/s'),
  };
  return rows.some(submissions.has) ? [...callbacks, submissions] : callbacks;
}

function inTwoLines(setting: string): string {
  const words = setting.split(' ');
  const half = Math.ceil(words.length / 2);
  return `${words.slice(0, half).join(' ')}\n${words.slice(half).join(' ')}`;
}

/** In the order of the looks; left-out contenders have none. */
function barsOf(rows: readonly Row[], group: Group): Bar[] {
  return LOOKS.flatMap((look) => {
    const row = rows.find((one) => group.has(one) && one.context?.['variant'] === look.variant);
    if (row === undefined || row.value === null) return [];
    const goal = row.goal !== null && 'atLeast' in row.goal ? row.goal.atLeast : null;
    return [{ look, value: row.value, goal }];
  });
}

function optionOf(groups: readonly Group[], bars: readonly (readonly Bar[])[], machine: Machine): EChartsOption {
  const shown = bars.flat();
  const highest = Math.max(1, ...shown.map(({ value, goal }) => Math.max(value.q3, goal ?? 0)));
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: TEXT,
    title: {
      text: TITLE,
      subtext: 'callbacks by how CXone connects, and submissions, as a share of a bare Hono handler that keeps nothing',
      ...{ left: 16, top: 12, itemGap: 8 },
      textStyle: { ...TEXT, fontSize: 17 },
      subtextStyle: { ...TEXT, color: FAINT, fontSize: 13 },
    },
    legend: {
      ...{ left: 14, top: 66, icon: 'roundRect', itemWidth: 14, itemGap: 18, selectedMode: false },
      textStyle: { ...TEXT, fontSize: 13 },
    },
    grid: { left: 52, right: 20, top: 112, bottom: 104 },
    xAxis: {
      type: 'category',
      silent: true,
      data: groups.map(({ label }) => label),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: FAINT } },
      axisLabel: { ...TEXT, fontSize: 12, lineHeight: 16, interval: 0 },
    },
    yAxis: {
      type: 'value',
      silent: true,
      ...{ min: 0, max: Math.ceil(highest * 5) / 5, interval: 0.2 },
      axisLabel: { ...TEXT, color: FAINT, fontSize: 12, formatter: (value: number) => value.toFixed(1) },
      splitLine: { lineStyle: { color: GRID } },
    },
    series: [
      ...LOOKS.filter((look) => shown.some((bar) => bar.look === look)).map((look) => seriesOf(look, bars)),
      CEILING,
    ],
    graphic: [
      footnote(36, 'whiskers: quartiles over rounds     dashed: the goal'),
      footnote(
        14,
        shown.length === 0
          ? 'the throughput was not measured in this run'
          : machineText(machine, `SQLite ${machine.sqlite}`),
      ),
    ],
  };
}

/** The line at 1: the bars are shares of the bare handler. */
const CEILING: LineSeriesOption = {
  type: 'line',
  data: [],
  silent: true,
  markLine: {
    ...{ silent: true, symbol: 'none', data: [{ yAxis: 1 }] },
    lineStyle: { color: FAINT, width: 1.5, type: 'solid' },
    label: { ...TEXT, color: FAINT, fontSize: 12, position: 'insideEndTop', formatter: 'bare Hono handler = 1' },
  },
};

/** The bars of one variant, drawn by hand: a bar chart reserves space for left-out bars. */
function seriesOf(look: Look, bars: readonly (readonly Bar[])[]): CustomSeriesOption {
  return {
    ...{ type: 'custom', name: look.name, silent: true, itemStyle: { color: look.colour } },
    encode: { x: 0, y: 1 },
    data: bars.flatMap((group, at) => group.filter((bar) => bar.look === look).map(({ value }) => [at, value.median])),
    renderItem: (_, api) => {
      const at = Number(api.value(0));
      const group = bars[at] ?? [];
      const place = group.findIndex((bar) => bar.look === look);
      const bar = group[place];
      return bar === undefined ? null : drawn(bar, at, place - (group.length - 1) / 2, api);
    },
  };
}

/** Share of a group's width for one bar, and for one bar with its gap. */
const BAR = 0.2;
const STEP = 0.24;

/** @param step position in bars to the right of the middle of the group. */
function drawn(
  { look, value, goal }: Bar,
  group: number,
  step: number,
  api: CustomSeriesRenderItemAPI,
): CustomSeriesRenderItemReturn {
  const at = (share: number) => api.coord([group, share])[1] ?? 0;
  const room = ([api.size?.([1, 0]) ?? 0].flat()[0] ?? 0) as number;
  const x = (api.coord([group, 0])[0] ?? 0) + step * STEP * room;
  const half = (BAR * room) / 2;
  const top = Math.min(at(value.q3), goal === null ? Number.POSITIVE_INFINITY : at(goal));
  return {
    type: 'group',
    children: [
      {
        type: 'rect',
        shape: { x: x - half, y: at(value.median), width: 2 * half, height: at(0) - at(value.median) },
        style: { fill: look.colour },
      },
      stroke(x, at(value.q3), x, at(value.q1)),
      stroke(x - CAP, at(value.q3), x + CAP, at(value.q3)),
      stroke(x - CAP, at(value.q1), x + CAP, at(value.q1)),
      ...(goal === null ? [] : [stroke(x - half - OVER, at(goal), x + half + OVER, at(goal), [4, 3])]),
      {
        type: 'text',
        style: {
          ...{ x, y: top - 4, align: 'center', verticalAlign: 'bottom' },
          ...{ text: value.median.toFixed(2), fill: INK, font: '12px sans-serif' },
        },
      },
    ],
  };
}

const CAP = 5;
const OVER = 5;
