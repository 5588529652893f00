// The mutations are of today's code: a change that moves a line takes its mutation along.

import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MUTATIONS } from './mutations.ts';

const HOME = new URL('../../', import.meta.url);

test.for(MUTATIONS.map(({ breaks, ...mutation }) => [breaks, mutation] as const))(
  'what breaks "%s" is found once in its file, and its tests are there',
  ([, { file, find, tests }]) => {
    expect(readFileSync(new URL(file, HOME), 'utf8').split(find)).toHaveLength(2);
    expect(tests.length).toBeGreaterThan(0);
    for (const path of tests) statSync(new URL(path, HOME));
  },
);
