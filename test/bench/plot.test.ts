// The plot: well-formed, the same for the same rows, with a bar for each figure and a word where there is none.

import { expect, test } from 'vitest';
import type { Machine } from '../../bench/machine.ts';
import type { Row } from '../../bench/measure.ts';
import { plot } from '../../bench/plot.ts';

const MACHINE: Machine = {
  ...{ cpu: 'EPYC <fast>', cores: 2, memoryGib: 24, node: 'v24.1.0', sqlite: '3.54.0', fdatasyncsPerSecond: 900 },
  quick: false,
};

function share(variant: string, connections: string, median: number, atLeast?: number): Row {
  return {
    measure: `callbacks/s, ${connections}`,
    beside: 'a bare Hono handler',
    goal: atLeast === undefined ? null : { atLeast },
    value: { median, q1: median - 0.02, q3: median + 0.02, samples: 12 },
    unit: 'times',
    context: { variant, connections },
  };
}

const ROWS: readonly Row[] = [
  share('receiver', '64 kept-alive connections', 0.47, 0.45),
  share('obvious', '64 kept-alive connections', 0.08),
  share('receiver', 'one connection per request', 0.58, 0.55),
  { ...share('receiver', '64 kept-alive connections', 0.41, 0.4), measure: 'submissions/s to a durable 202' },
  { ...share('receiver', '64 kept-alive connections', 5.5, 5), beside: 'the obvious build' },
];

/** Every element that is opened is closed in its turn, and nothing stands in the text that has to be written otherwise. */
function demandWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, close, name = '', alone] of svg.matchAll(/<(\/?)([A-Za-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!alone) open.push(name);
  }
  expect(open).toEqual([]);
  const text = svg.replaceAll(/<[^<>]*>/g, '');
  expect(text).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot|#\d+);)/);
}

test('the plot is a well-formed SVG with a background of its own, no wider than a page on GitHub', () => {
  const svg = plot(ROWS, MACHINE);
  demandWellFormed(svg);
  expect(Number(/<svg width="(\d+)"/.exec(svg)?.[1])).toBeLessThanOrEqual(900);
  expect(svg).toMatch(/<rect [^>]*fill="#ffffff"/);
  expect(svg).not.toMatch(/font-family:(?!sans-serif)/);
  expect(svg).toContain('EPYC &lt;fast&gt;, 2 cores, Node 24.1.0, SQLite 3.54.0');
});

test('the same rows give the same plot, to the byte', () => {
  expect(plot(ROWS, MACHINE)).toBe(plot(structuredClone(ROWS), MACHINE));
});

test('each share of the bare handler is above its bar, each goal dashed, and nothing else', () => {
  const svg = plot(ROWS, MACHINE);
  const figures = [...svg.matchAll(/>(\d\.\d\d)</g)].map(([, figure]) => figure);
  expect(figures.sort()).toEqual(['0.08', '0.41', '0.47', '0.58']);
  expect(svg.match(/stroke-dasharray="4,3"/g)).toHaveLength(3);
  expect(svg).toContain('this receiver');
  expect(svg).not.toContain('PostgreSQL');
});

test('bars stand as high as their figures, one beside the other', () => {
  const svg = plot(ROWS.slice(0, 2), MACHINE);
  const bars = ['#2a8fbd', '#a0a7af'].map((colour) => {
    const [, x = '', top = '', bottom = ''] =
      new RegExp(`<path d="M([\\d.]+) ([\\d.]+)l[\\d.]+ 0l0 ([\\d.]+)[^"]*"[^>]*fill="${colour}"`).exec(svg) ?? [];
    return { x: Number(x), top: Number(top), height: Number(bottom) };
  });
  const [receiver, obvious] = bars;
  expect((receiver?.height ?? 0) / (obvious?.height ?? 1)).toBeCloseTo(0.47 / 0.08, 1);
  expect(receiver?.x).toBeLessThan(obvious?.x ?? 0);
});

test('without rows of the throughput it says so', () => {
  const svg = plot([], MACHINE);
  demandWellFormed(svg);
  expect(svg).toContain('the throughput was not measured in this run');
});
