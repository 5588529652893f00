// Plots as inline SVG. Shapes stretch with the page; text is HTML next to them, so that it stays readable.

import { html } from 'hono/html';
import type { Html } from '../html.ts';

/** One column of a plot, with its parts stacked from the bottom. */
export interface Column {
  readonly tooltip: string;
  readonly values: readonly number[];
}

export interface Kind {
  readonly name: string;
  /** One of the colours in style.css. */
  readonly colour: string;
}

export interface Plot {
  readonly title: string;
  /** The plot in one sentence, for screen readers. */
  readonly summary: string;
  readonly kinds: readonly Kind[];
  readonly columns: readonly Column[];
  /** Returns the label of the tallest column. */
  readonly top: (highest: number) => string;
  readonly from: string;
  readonly until: string;
}

const STEP = 10;
const GAP = 1.5;
const HEIGHT = 100;

export function plot({ title, summary, kinds, columns, top, from, until }: Plot): Html {
  const sums = columns.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const highest = Math.max(0, ...sums);
  const bars = columns.map(
    (column, index) => html`<g><title>${column.tooltip}</title>
<rect class="hover" x="${index * STEP}" y="0" width="${STEP}" height="${HEIGHT}"/>${stacked(column, index, highest, kinds)}</g>`,
  );
  return html`<figure class="plot">
<figcaption><h3>${title}</h3>${legend(kinds)}</figcaption>
<div class="frame">
<span class="top" aria-hidden="true">${highest === 0 ? 'no data yet' : top(highest)}</span>
<svg viewBox="0 0 ${columns.length * STEP} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${summary}">${bars}</svg>
<span class="ends" aria-hidden="true"><span>${from}</span><span>${until}</span></span>
</div>
</figure>`;
}

function stacked({ values }: Column, index: number, highest: number, kinds: readonly Kind[]): Html[] {
  let y = HEIGHT;
  return values.map((value, part) => {
    const height = highest === 0 ? 0 : (value / highest) * HEIGHT;
    y -= height;
    return height === 0
      ? html``
      : html`<rect class="${kinds[part]?.colour ?? ''}" x="${round(index * STEP + GAP / 2)}" y="${round(y)}" width="${STEP - GAP}" height="${round(height)}"/>`;
  });
}

function legend(kinds: readonly Kind[]): Html {
  return html`<ul class="legend">${kinds.map(
    ({ name, colour }) =>
      html`<li><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="${colour}" width="10" height="10"/></svg> ${name}</li>`,
  )}</ul>`;
}

export interface Part extends Kind {
  readonly count: number;
  /** For example `12 (4 %)`. */
  readonly value: string;
}

/** Draws the parts of a whole as one bar. */
export function parts(title: string, whole: readonly Part[]): Html {
  const total = whole.reduce((sum, { count }) => sum + count, 0);
  const bar = whole.map(({ count, colour }, index) => {
    const before = whole.slice(0, index).reduce((sum, one) => sum + one.count, 0);
    return count === 0
      ? html``
      : html`<rect class="${colour}" x="${round((before / total) * 1000)}" y="0" width="${round((count / total) * 1000)}" height="10"/>`;
  });
  const summary = `${title}: ${whole.map(({ name, value }) => `${name} ${value}`).join(', ')}`;
  return html`<figure class="parts">
<figcaption><h3>${title}</h3></figcaption>
<svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="${summary}"><rect class="hover" width="1000" height="10"/>${bar}</svg>
<div aria-hidden="true">${legend(whole.map(({ name, value, colour }) => ({ name: `${name} ${value}`, colour })))}</div>
</figure>`;
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
