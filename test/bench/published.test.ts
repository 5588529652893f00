// What the README says of speed is what was measured.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Machine } from '../../bench/machine.ts';
import type { Row } from '../../bench/measure.ts';
import { header, markdown } from '../../bench/table.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('every figure in the README is one of the last published run, with its verdict, and none that has a goal is left out', () => {
  const { machine, rows }: { machine: Machine; rows: Row[] } = JSON.parse(read('bench/results.json'));
  expect(machine.quick).toBe(false);
  expect(read('README.md')).toContain(`<!-- bench -->\n${header(machine)}\n\n${markdown(rows)}\n<!-- /bench -->`);
});
