// Fairness between apps: a request is sent after a few others, however many another app has queued.

import { expect, test } from 'vitest';
import type { Submission } from '../../src/execution/execution.ts';
import { type Background, RULES, startTestBackground } from '../support/background.ts';
import { ACCEPTED, STILL_RUNNING } from '../support/fake-cxone.ts';

/** A CXone that accepts this number of requests at a time, each of which takes 100 ms. */
function slowCxone(atOnce: number, appWeights: Record<string, number> = {}): Background {
  const background = startTestBackground({ ...RULES, appWeights: new Map(Object.entries(appWeights)) });
  const { cxone, world } = background;
  cxone.limit = atOnce;
  cxone.onExecute = async () => {
    await world.sleep(100);
    return ACCEPTED;
  };
  return background;
}

async function queue({ add }: Background, count: number, overrides: Partial<Submission>): Promise<void> {
  for (let i = 0; i < count; i += 1) await add({ graceSeconds: 3600, ...overrides });
}

const appsSent = ({ cxone }: Background) => cxone.executed.map(({ execution }) => execution.app);

test("a single submission is sent after a few requests of another app's backlog", async () => {
  const background = slowCxone(4);
  const { world } = background;
  await queue(background, 300, { app: 'big' });
  await world.advance(1000);
  const before = appsSent(background).length;
  expect(before).toBeLessThan(100);
  await queue(background, 1, { app: 'small' });
  await world.advance(300);
  const place = appsSent(background).indexOf('small');
  expect(place).toBeGreaterThanOrEqual(before);
  expect(place - before).toBeLessThanOrEqual(4);
});

test('repeated failures of one app do not delay another', async () => {
  const background = slowCxone(4);
  const { cxone, world } = background;
  cxone.onExecute = async ({ app }) =>
    app === 'big' ? { type: 'unsent', httpStatus: 429, latencyMs: 5, message: 'no', retryAfterMs: 0 } : { ...ACCEPTED };
  await queue(background, 100, { app: 'big' });
  await world.advance(2000);
  const before = appsSent(background).length;
  await queue(background, 1, { app: 'small' });
  await world.advance(1000);
  const place = appsSent(background).indexOf('small');
  expect(place - before).toBeLessThanOrEqual(4);
});

test('weights hold at CXone, and an app that is alone gets the full rate', async () => {
  const background = slowCxone(2, { heavy: 3 });
  const { world } = background;
  await queue(background, 200, { app: 'heavy' });
  await queue(background, 50, { app: 'light' });
  const begun = appsSent(background).length;
  await world.advance(10_000);
  const both = appsSent(background).slice(begun, begun + 100);
  expect(Math.abs(both.filter((app) => app === 'light').length - 25)).toBeLessThanOrEqual(2);
  await world.advance(10_000);
  expect(appsSent(background)).toHaveLength(250);
});

test('within an app a higher priority is sent first, whatever was queued before it', async () => {
  const background = slowCxone(1);
  const { cxone, world } = background;
  await queue(background, 1, { app: 'first' });
  for (const priority of [4, 0, 9, 4, 7]) await queue(background, 1, { app: 'shop', priority });
  await world.advance(2000);
  const sent = cxone.executed.map(({ execution }) => execution).filter(({ app }) => app === 'shop');
  expect(sent.map(({ priority }) => priority)).toEqual([9, 7, 4, 4, 0]);
});

test('a restart keeps the order, because turns need no stored state', async () => {
  const background = slowCxone(1);
  const { restart, stop, world } = background;
  await queue(background, 20, { app: 'big' });
  const stopped = stop();
  await world.advance(1000);
  await stopped;
  await queue(background, 1, { app: 'small' });
  const before = appsSent(background).length;
  restart();
  await world.advance(500);
  expect(appsSent(background).slice(before, before + 2)).toContain('small');
});

test('polls take turns, too: the thousands of one app do not delay those of another', async () => {
  const background = startTestBackground(RULES);
  const { cxone, world } = background;
  await queue(background, 200, { app: 'big', graceSeconds: 10, timeoutSeconds: 120 });
  await queue(background, 1, { app: 'small', graceSeconds: 12, timeoutSeconds: 120 });
  cxone.limit = 4;
  cxone.onPoll = async () => {
    await world.sleep(100);
    return STILL_RUNNING;
  };
  await world.advance(11_900);
  const before = cxone.polls.length;
  expect(before).toBeLessThan(100);
  // Due at the end of its grace period plus up to half a second, when most of the others still wait.
  const dueAt = (await background.store.list({ app: 'small', limit: 1 })).items[0]?.pollAt ?? 0;
  await world.advance(dueAt - world.now());
  const atDue = cxone.polls.length;
  await world.advance(400);
  const place = cxone.polls.findIndex(({ app }) => app === 'small');
  expect(place).toBeGreaterThanOrEqual(before);
  expect(place - atDue).toBeLessThanOrEqual(4);
});
