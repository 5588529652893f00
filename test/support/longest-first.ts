// Orders the files of a run: of the suites that run at the same time, the files that take longest begin first.

import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { SUITES } from './suites.ts';

const LONGEST = new Set(Object.values(SUITES).flatMap(({ longest = [] }) => longest));

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification) =>
      2 * project.config.sequence.groupOrder + (LONGEST.has(relative(this.ctx.config.root, moduleId)) ? 0 : 1);
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
