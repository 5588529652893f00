// The published results are the measured ones.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Machine } from '../../bench/machine.ts';
import type { Row } from '../../bench/measure.ts';
import { header, markdown } from '../../bench/table.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('docs/benchmarks.md has every row of the last published run that has a goal, with its verdict', () => {
  const { machine, rows }: { machine: Machine; rows: Row[] } = JSON.parse(read('bench/results.json'));
  expect(machine.quick).toBe(false);
  expect(read('docs/benchmarks.md')).toContain(
    `<!-- bench -->\n${header(machine)}\n\n${markdown(rows)}\n<!-- /bench -->`,
  );
});
