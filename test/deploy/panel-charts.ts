// Draws the panels of the dashboard from the results of their queries, so that a person can look at them without Grafana.

import { init } from 'echarts';
import type { Series } from './prometheus.ts';

export interface Panel {
  readonly title: string;
  readonly type: string;
  readonly fieldConfig?: { readonly defaults: { readonly unit: string; readonly custom?: Custom } };
  readonly targets?: readonly Target[];
}

interface Custom {
  readonly stacking: { readonly mode: string };
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
}

const WIDTH = 490;
const HEIGHT = 250;

/** Returns a page with a chart for each panel, under the titles of its row. */
export function drawPanels(panels: readonly Panel[], resultOf: (panel: Panel, target: Target) => Series[]): string {
  const parts = panels.map((panel) => {
    if (panel.type === 'row') return `<h2>${panel.title}</h2>`;
    const lines = (panel.targets ?? []).flatMap((target) =>
      resultOf(panel, target).map((series) => lineOf(panel, target, series)),
    );
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
    try {
      chart.setOption({
        animation: false,
        title: { text: panel.title, subtext: panel.fieldConfig?.defaults.unit ?? '' },
        legend: { bottom: 0 },
        grid: { top: 60, bottom: 70, left: 70, right: 10 },
        xAxis: { type: 'time' },
        yAxis: { type: 'value' },
        series: lines,
      });
      return chart.renderToSVGString();
    } finally {
      chart.dispose();
    }
  });
  return `<!doctype html><meta charset="utf-8"><style>h2 { width: 100%; margin: 0 }</style>
<body style="display: flex; flex-wrap: wrap; width: ${3 * WIDTH}px; font-family: sans-serif">${parts.join('\n')}`;
}

function lineOf({ fieldConfig }: Panel, { legendFormat }: Target, { metric, values }: Series) {
  const isStacked = fieldConfig?.defaults.custom?.stacking.mode === 'normal';
  return {
    type: 'line' as const,
    name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
    ...(isStacked ? { stack: 'all' } : {}),
    data: values.map(([seconds, value]) => [seconds * 1000, Number(value)]),
  };
}
