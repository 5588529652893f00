// The timing of background loops.

import { expect, onTestFinished, test } from 'vitest';
import { type Loop, type Round, startLoop } from '../../src/lib/loop.ts';
import { createManualWorld, type ManualWorld } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';

function startTestLoop(work: (round: Round, world: ManualWorld) => Promise<number | null>) {
  const world = createManualWorld();
  const log = quietLog();
  const rounds: number[] = [];
  const startedAt = world.now();
  const loop: Loop = startLoop(
    'test',
    (round) => {
      rounds.push(world.now() - startedAt);
      return work(round, world);
    },
    world,
    log,
  );
  onTestFinished(async () => void (await Promise.all([loop.stop(), world.advance(60_000)])));
  return { world, log, loop, rounds, startedAt };
}

test('a loop sleeps until the next due time instead of spinning', async () => {
  const { world, rounds } = startTestLoop(async () => 7000);
  await world.advance(21_000);
  expect(rounds).toEqual([0, 7000, 14_000, 21_000]);
});

test('a nudge for an earlier time wakes the loop then; one for a later time does not', async () => {
  const { world, loop, rounds, startedAt } = startTestLoop(async () => 10_000);
  await world.advance(1000);
  loop.nudge(startedAt + 12_000);
  await world.settle();
  expect(rounds).toEqual([0]);
  loop.nudge(startedAt + 500);
  await world.settle();
  expect(rounds).toEqual([0, 1000]);
});

test('a nudge during a round is not lost', async () => {
  const { world, rounds, loop, startedAt } = startTestLoop(async (_round, world) => {
    await world.sleep(100);
    return 10_000;
  });
  await world.advance(50);
  loop.nudge(startedAt + 60);
  await world.advance(60);
  expect(rounds).toEqual([0, 100]);
});

test.for([7_200_000, -7_200_000])(
  'a nudge for now wakes the loop at once after a step of the clock by %i ms',
  async (step) => {
    const { world, loop, rounds } = startTestLoop(async () => 10_000);
    await world.settle();
    world.stepClock(step);
    loop.nudge(world.now());
    await world.settle();
    expect(rounds).toEqual([0, step]);
  },
);

test('a loop can be woken, whatever it sleeps for', async () => {
  const { world, loop, rounds } = startTestLoop(async () => 10_000);
  await world.advance(10);
  loop.wake();
  await world.settle();
  expect(rounds).toEqual([0, 10]);
});

test('a round that fails is logged and repeated after a second, however often the loop is nudged', async () => {
  let failing = true;
  const { world, loop, log, rounds, startedAt } = startTestLoop(async () => {
    if (failing) throw new Error('no luck');
    return null;
  });
  await world.advance(999);
  loop.nudge(startedAt);
  await world.settle();
  expect(rounds).toEqual([0]);
  failing = false;
  await world.advance(1);
  expect(rounds).toEqual([0, 1000]);
  expect(log.lines).toMatchObject([{ level: 'error', facts: { loop: 'test', reason: 'Error: no luck' } }]);
});

test('the same failure of rounds in a row is logged once a minute, another one and one after a success at once', async () => {
  let reason: string | null = 'away';
  const { world, log } = startTestLoop(async () => {
    if (reason !== null) throw new Error(reason);
    return 500;
  });
  const reasons = () => log.lines.map(({ facts }) => facts['reason']);
  for (let seconds = 0; seconds < 61; seconds += 1) await world.advance(1_000);
  expect(reasons()).toEqual(['Error: away', 'Error: away']);
  reason = 'full';
  await world.advance(1_000);
  reason = null;
  await world.advance(3_000);
  reason = 'full';
  await world.advance(1_000);
  expect(reasons().slice(2)).toEqual(['Error: full', 'Error: full']);
});

test('stopping waits for work in progress, and starts nothing more', async () => {
  const finished: string[] = [];
  const { world, loop, rounds } = startTestLoop(async ({ spawn }, world) => {
    spawn(world.sleep(5000).then(() => void finished.push('task')));
    return 100_000;
  });
  await world.settle();
  const stopped = loop.stop().then(() => void finished.push('stop'));
  await world.advance(5000);
  await stopped;
  expect(finished).toEqual(['task', 'stop']);
  expect(rounds).toEqual([0]);
  expect(world.sleepers).toBe(0);
});

test('a loop is alive while it sleeps, and not when a round never ends', async () => {
  const { world, loop } = startTestLoop(async ({ signal }, world) => {
    await world.sleep(600_000, signal);
    return null;
  });
  await world.advance(60_000);
  expect(loop.alive()).toBe(true);
  await world.advance(60_000);
  expect(loop.alive()).toBe(false);
});
