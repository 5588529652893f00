// Counts over time as stacked bars, and the parts of a whole as one bar.

import { html } from 'hono/html';
import type { Html } from '../../html.ts';
import { number } from '../format.ts';
import { COLUMN, type Figure, figure, HEIGHT, type Kind, type Line, legend, round } from './figure.ts';
import { roundUp } from './ticks.ts';

/** One column of a plot, with its parts stacked from the bottom. */
export interface Column {
  readonly tooltip: string;
  readonly values: readonly number[];
}

export interface Bars extends Omit<Figure, 'columns' | 'shapes' | 'lines'> {
  readonly columns: readonly Column[];
  /** Returns the label of a value; default: the number. */
  readonly label?: (value: number) => string;
}

const GAP = 1.5;

export function bars({ kinds, columns, label = number, ...rest }: Bars): Html {
  const highest = Math.max(0, ...columns.map(({ values }) => values.reduce((sum, value) => sum + value, 0)));
  const top = roundUp(highest);
  return figure({
    ...rest,
    kinds,
    columns: columns.map(({ tooltip }) => tooltip),
    shapes: html`${kinds.map(({ look }, part) => html`<path class="${look}" d="${stack(columns, part, top)}"/>`)}`,
    lines: highest === 0 ? [{ y: 0, label: 'no data', kind: 'grid' }] : gridOf(top, label),
  });
}

/** Draws one part of every column as one path, because most of the size of a page is its plots. */
function stack(columns: readonly Column[], part: number, top: number): string {
  const height = (value: number) => (value / top) * HEIGHT;
  return columns
    .map(({ values }, index) => {
      const value = values[part] ?? 0;
      if (value === 0) return '';
      const below = values.slice(0, part).reduce((sum, one) => sum + one, 0);
      const [x, y, width] = [index * COLUMN + GAP / 2, HEIGHT - height(below + value), COLUMN - GAP];
      return `M${round(x)} ${round(y)}h${width}v${round(height(value))}h-${width}z`;
    })
    .join('');
}

function gridOf(top: number, label: (value: number) => string): Line[] {
  const half = top / 2;
  const lines: Line[] = [{ y: 0, label: label(top), kind: 'grid' }];
  return Number.isInteger(half) ? [...lines, { y: HEIGHT / 2, label: label(half), kind: 'grid' }] : lines;
}

export interface Part extends Kind {
  readonly count: number;
  /** For example `12 (4 %)`. */
  readonly value: string;
}

/** Draws the parts of a whole as one bar. */
export function parts(title: string, whole: readonly Part[]): Html {
  const total = whole.reduce((sum, { count }) => sum + count, 0);
  const bar = whole.map(({ count, look }, index) => {
    const before = whole.slice(0, index).reduce((sum, one) => sum + one.count, 0);
    const [x, width] = [(before / total) * 1000, (count / total) * 1000];
    return count === 0 ? html`` : html`<path class="${look}" d="M${round(x)} 0h${round(width)}v10h-${round(width)}z"/>`;
  });
  const summary = `${title}: ${whole.map(({ name, value }) => `${name} ${value}`).join(', ')}`;
  return html`<figure class="parts">
<figcaption><h3>${title}</h3></figcaption>
<svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="${summary}">${bar}</svg>
<div aria-hidden="true">${legend(whole.map(({ name, value, look }) => ({ name: `${name} ${value}`, look })))}</div>
</figure>`;
}
