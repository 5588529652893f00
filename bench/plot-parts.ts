// What the charts of the bench share: colours, texts, strokes, and an SVG that is the same for the same rows.

import type { Machine } from './machine.ts';

export const INK = '#1f2328';
export const FAINT = '#59636e';
export const GRID = '#d8dee4';

export const TEXT = { fontFamily: 'sans-serif', color: INK } as const;

/** The text alternative. */
export function entitled(title: string, svg: string): string {
  return svg.replace('>', `><title>${title}</title>`);
}

/** Removes pointer styles, which a picture does not need, and names with a counter that grows in the process. */
export function repeatable(svg: string): string {
  return svg
    .replace(/<style\s*>.*?<\/style>/s, '')
    .replaceAll(/ (?:class="zr[^"]*"|ecmeta_\w+="[^"]*")/g, '')
    .replaceAll(/\bzr\d+-/g, '');
}

export function footnote(bottom: number, text: string) {
  return {
    type: 'text' as const,
    silent: true,
    left: 16,
    bottom,
    style: { text, fill: FAINT, font: '12px sans-serif' },
  };
}

export function machineText({ cpu, cores, node, quick }: Machine, database: string): string {
  return `${cpu}, ${cores} cores, Node ${node.replace(/^v/, '')}, ${database}${quick ? '; a quick run' : ''}`;
}

export function stroke(x1: number, y1: number, x2: number, y2: number, lineDash: number[] = []) {
  return { type: 'line' as const, shape: { x1, y1, x2, y2 }, style: { stroke: INK, lineWidth: 1.5, lineDash } };
}
