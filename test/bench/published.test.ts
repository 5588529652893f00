// The published results are the measured ones.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Machine } from '../../bench/machine.ts';
import type { Row } from '../../bench/measure.ts';
import { header, markdown } from '../../bench/table.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test.for([
  ['bench', 'bench/results.json'],
  ['bench-postgres', 'bench/postgres.json'],
])(
  'docs/benchmarks.md has between the markers %s every row of %s that has a goal, with its verdict',
  ([marker = '', file = '']) => {
    const { machine, rows }: { machine: Machine; rows: Row[] } = JSON.parse(read(file));
    expect(machine.quick).toBe(false);
    expect(read('docs/benchmarks.md')).toContain(
      `<!-- ${marker} -->\n${header(machine)}\n\n${markdown(rows)}\n<!-- /${marker} -->`,
    );
  },
);
