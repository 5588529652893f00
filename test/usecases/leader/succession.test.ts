// A pause of CXone that begins while a receiver leads, and one that begins after it has handed over.

import { expect, test } from 'vitest';
import type { UpstreamPause } from '../../../src/cxone/port.ts';
import { createSuccession } from '../../../src/usecases/leader/succession.ts';
import { CAUSE } from '../../cxone/limiter/cause.ts';
import { quietLog } from '../../support/quiet-log.ts';

const PAUSE: UpstreamPause = { ...CAUSE, until: 60_000 };
const TOKEN_PAUSE = { httpStatus: 429, until: 70_000 };

function setUp(term: number | null) {
  const done: unknown[] = [];
  const succession = createSuccession({
    sharing: {
      takeOver: async () => {},
      publishLast: async () => {},
      passPause: async (pause) => void done.push(pause),
      passTokenPause: async (pause) => void done.push(pause),
    },
    ...{
      leadership: { term: () => term, handOver: async () => {} },
      world: { sleep: async () => {} },
      log: quietLog(),
    },
    ...{ publishSoon: () => void done.push('published'), pause: () => PAUSE, tokenPause: () => TOKEN_PAUSE },
  });
  return { done, succession };
}

test.for([
  { term: 1, expected: ['published'], title: 'the leader publishes them' },
  { term: null, expected: [PAUSE, TOKEN_PAUSE], title: 'a receiver that has handed over passes them on to the leader' },
])('of the pauses of CXone, $title', ({ term, expected }) => {
  const { done, succession } = setUp(term);
  succession.pauseChanged();
  expect(done).toEqual(expected);
});
