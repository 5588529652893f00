// The picture of the layers in docs/architecture.md is true: it has every layer, and imports lead down its rows only.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Import, importGraph } from '../support/import-graph.ts';
import { ROOT, read, tokensOfType } from './pages.ts';

/** Their imports are limited by test/layers.test.ts, and no row of the picture holds them. */
const APART = ['client', 'simulator'];

const [picture = ''] = tokensOfType(read('docs/architecture.md'), 'code')
  .filter(({ lang }) => lang === 'layers')
  .map(({ text }) => text);
const rows = picture.split('\n').map((row) => row.split(/ {2,}/));

const layerOf = (file: string): string => (file.split('/')[0] ?? '').replace(/\.ts$/, '');
const rowOf = (layer: string): number => rows.findIndex((row) => row.includes(layer));

/** Whether an import stays in its layer or leads to a lower row. */
function leadsDown({ from, to }: Import): boolean {
  const [layer, target] = [layerOf(from), layerOf(to)];
  return layer === target || APART.includes(layer) || APART.includes(target) || rowOf(layer) < rowOf(target);
}

test('every layer of src/ is in the picture once', () => {
  const layers = readdirSync(join(ROOT, 'src')).map(layerOf);
  expect([...rows.flat(), ...APART].toSorted()).toEqual(layers.toSorted());
});

test('imports lead down the rows', () => {
  const imports = importGraph(join(ROOT, 'src')).filter(({ isPackage }) => !isPackage);
  expect(imports.length).toBeGreaterThan(1000);
  expect(imports.filter((edge) => !leadsDown(edge)).map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test('an import that leads up or across a row is noticed', () => {
  const edge = (from: string, to: string): Import => ({ from, to, isPackage: false });
  expect(leadsDown(edge('http/app.ts', 'store/port.ts'))).toBe(true);
  expect(leadsDown(edge('store/port.ts', 'http/app.ts'))).toBe(false);
  expect(leadsDown(edge('store/port.ts', 'cxone/port.ts'))).toBe(false);
});
