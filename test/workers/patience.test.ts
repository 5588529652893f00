// How long an execution stays open after its deadline although no last poll reaches CXone.

import { expect, test } from 'vitest';
import { createPatience } from '../../src/workers/patience.ts';
import { anExecution } from '../support/executions.ts';
import { createManualWorld } from '../support/manual-world.ts';

const HOUR_MS = 3_600_000;

test('each last poll that fails is retried for a polling window, and then the execution ends, however many have failed', async () => {
  const world = createManualWorld();
  const patience = createPatience(world, 2);
  const deadline = world.now();
  await world.advance(HOUR_MS);
  let open = Array.from({ length: 5 }, () => ({ ...anExecution({ timeoutSeconds: 30 }), deadline }));
  const ended: number[] = [];
  while (open.length > 0) {
    const left = open.filter((execution) => !patience.ends(execution, world.now()));
    ended.push(open.length - left.length);
    open = left;
    await world.advance(20_000);
  }
  // Two are remembered at a time. The next two begin when those have ended, in the same round.
  expect(ended).toEqual([0, 0, 2, 0, 2, 0, 1]);
});

test('what ended in another way makes room after an hour, so that it does not keep others open', async () => {
  const world = createManualWorld();
  const patience = createPatience(world, 1);
  const [gone, open] = [0, 1].map(() => ({ ...anExecution({ timeoutSeconds: 30 }), deadline: world.now() }));
  if (gone === undefined || open === undefined) throw new Error('two executions are needed');
  expect(patience.ends(gone, world.now())).toBe(false);
  await world.advance(HOUR_MS);
  expect(patience.ends(open, world.now())).toBe(false);
  await world.advance(30_000);
  expect(patience.ends(open, world.now())).toBe(true);
});
