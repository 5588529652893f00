// Texts of the pages have the contrast of WCAG 2.2 AA on every background of the pages, in light and dark colors.

import { expect, test } from 'vitest';
import { read } from '../../docs/pages.ts';

const CSS = `${read('src/http/styles/base.css')}\n${read('src/http/console/style.css')}`;
/** The first definition of each variable; later ones are for a receiver that does not answer. */
const COLORS = new Map(
  [...CSS.matchAll(/--(\w+): light-dark\((#[\da-f]{6}), (#[\da-f]{6})\)/g)]
    .toReversed()
    .map(([, name = '', light = '', dark = '']) => [name, [light, dark]] as const),
);
const LEAST = 4.5;

/** Relative luminance, by WCAG 2.2. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [least = 0, most = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (most + 0.05) / (least + 0.05);
}

/** Names of the variables that color text; `page` is the text of filled buttons. */
const TEXTS = [...new Set([...CSS.matchAll(/^\s*color: var\(--(\w+)\);/gm)].map(([, name = '']) => name))].filter(
  (name) => name !== 'page',
);

test('variables color text, among them those of severities', () => {
  expect(TEXTS).toEqual(expect.arrayContaining(['bad', 'warn', 'quiet', 'link']));
});

test.for(
  TEXTS.flatMap((text) =>
    ['page', 'raised'].flatMap((ground) => [[text, ground, 0] as const, [text, ground, 1] as const]),
  ),
)('the color "%s" on "%s" of scheme %i has enough contrast', ([text, ground, scheme]) => {
  const [color, background] = [COLORS.get(text)?.[scheme], COLORS.get(ground)?.[scheme]];
  expect(contrast(color ?? '', background ?? '')).toBeGreaterThanOrEqual(LEAST);
});
