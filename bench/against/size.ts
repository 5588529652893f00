// The size of the database file with the same open executions, each file written by the code of its own side.

import { statSync } from 'node:fs';
import type { Measure, Row, Settings } from '../measure.ts';
import { spreadOf } from '../measure.ts';
import { FULL, QUICK } from '../throughput.ts';
import { type Side, sidesOf } from './bench-of.ts';
import type { CheckedOut } from './revision.ts';

export function sizeBeside(revision: CheckedOut): Measure {
  return (settings) => compareSize(revision, settings, (settings.quick ? QUICK : FULL).open);
}

/** A file without a log beside it, as `preparedIn` leaves it. */
export async function compareSize(revision: CheckedOut, settings: Settings, open: number): Promise<readonly Row[]> {
  const { scratch, signal } = settings;
  settings.log(`size beside ${revision.name}: ${open.toLocaleString('en')} open executions`);
  const bytesOf = async ({ bench, cache }: Side) =>
    statSync((await bench.preparedIn(cache, { open }, signal)).path).size;
  const [present, other] = await sidesOf(revision, scratch);
  const [ours, theirs] = [await bytesOf(present), await bytesOf(other)];
  return [
    {
      measure: `size of the database, ${open.toLocaleString('en')} open`,
      ...{ beside: revision.name, goal: null, unit: 'times', value: spreadOf([ours / theirs]) },
      context: {
        'ours, bytes per execution': Math.round(ours / open),
        'theirs, bytes per execution': Math.round(theirs / open),
      },
    },
  ];
}
