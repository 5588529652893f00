// The frame of a plot: title, legend, axes, and a column for each interval that states its values.
//
// Shapes stretch with the page. Texts are placed by percentages in the SVG around the shapes, so that they do not stretch.

import { html } from 'hono/html';
import type { Html } from '../../html.ts';
import { timeTicks } from './ticks.ts';

/** Units of the width of one column, and of the height of the plot. */
export const COLUMN = 10;
export const HEIGHT = 100;
/** The share of the figure's height that the shapes take; the times are below. */
const SHARE = 0.88;

export interface Kind {
  readonly name: string;
  /** One of the looks in plots.css, each of which also differs without its colour. */
  readonly look: string;
}

export interface Line {
  /** Units from the top. */
  readonly y: number;
  readonly label: string;
  /** `grid`, or a line that stands for a limit. */
  readonly kind: 'grid' | 'grace' | 'deadline';
}

export interface Figure {
  readonly title: string | Html;
  /** The plot in one sentence, for screen readers. */
  readonly summary: string;
  readonly kinds: readonly Kind[];
  /** The values of each column in words, oldest first. */
  readonly columns: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly shapes: Html;
  readonly lines: readonly Line[];
  /** Names the picture that the script makes. */
  readonly file: string;
  /** The address of the values as CSV. */
  readonly csv?: string;
  /** True if the page that the title links to, or else this page, takes a period as `from` and `to`. */
  readonly hasZoom?: boolean;
  /** False for one of several plots that share a legend; default: true. */
  readonly hasLegend?: boolean;
}

export function figure({ title, summary, kinds, columns, from, to, shapes, lines, ...more }: Figure): Html {
  const { file, csv, hasZoom = false, hasLegend = true } = more;
  const period = hasZoom ? html` data-from="${from}" data-to="${to}"` : '';
  return html`<figure class="plot" data-file="${file}"${period}>
<figcaption><h3>${title}</h3>${hasLegend ? legend(kinds) : ''}</figcaption>
<svg class="plot" role="img" aria-label="${summary}"><svg class="area" viewBox="0 0 ${columns.length * COLUMN} ${HEIGHT}" width="100%" height="${percent(SHARE)}" preserveAspectRatio="none">
${lines.map(({ y, kind }) => html`<path class="${kind}" d="M0 ${round(y)}h${columns.length * COLUMN}"/>`)}
${shapes}
<g class="columns">${columns.map(hoverColumn)}</g></svg>
${lines.map(lineLabel)}${timeLabels(from, to)}</svg>
<p class="tools"><output class="values"></output>${csv === undefined ? '' : html` <a href="${csv}" download>CSV</a>`}<button type="button" class="picture">PNG</button></p>
</figure>`;
}

function hoverColumn(values: string, index: number): Html {
  // The size is in plots.css, because a page has many columns.
  return html`<rect x="${index * COLUMN}"><title>${values}</title></rect>`;
}

function lineLabel({ y, label, kind }: Line): Html {
  const at = percent((y / HEIGHT) * SHARE);
  // The label of a grid line is below the line, that of a limit above it.
  return kind === 'grid'
    ? html`<text x="0" y="${at}" dy="12">${label}</text>`
    : html`<text x="100%" y="${at}" dy="-3" class="end">${label}</text>`;
}

function timeLabels(from: number, to: number): Html[] {
  return timeTicks(from, to).map(({ value, label }) => {
    const [place, x] = placeOf((value - from) / (to - from));
    return html`<text x="${percent(x)}" y="98%" class="${place}">${label}</text>`;
  });
}

/** A label near an end of the axis is aligned with it, or it would be cut. */
function placeOf(share: number): [place: string, x: number] {
  if (share < 0.06) return ['start', 0];
  return share > 0.94 ? ['end', 1] : ['middle', share];
}

export function legend(kinds: readonly Kind[]): Html {
  return html`<ul class="legend">${kinds.map(
    ({ name, look }) =>
      html`<li><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><path class="${look}" d="${look.startsWith('line') ? 'M0 5h10' : 'M0 0h10v10h-10z'}"/></svg> ${name}</li>`,
  )}</ul>`;
}

export function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10}%`;
}
