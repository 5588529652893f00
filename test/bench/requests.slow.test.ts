// The requests to CXone per execution are counted for both designs on the same history, and a seed repeats it exactly.

import { expect, test } from 'vitest';
import { createPoller } from '../../bench/poller.ts';
import { costOf } from '../../bench/requests.ts';
import { DEFAULTS } from '../../bench/virtual.ts';
import { readConfig } from '../../src/config/config.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { temporaryFolder } from '../support/temporary.ts';

function ground() {
  return { scratch: temporaryFolder(), signal: new AbortController().signal };
}

const STORY = { executions: 12, lost: 0, graceSeconds: 30 } as const;

test('with timely callbacks the receiver sends one request for each execution, and a poller sends more', async () => {
  const cost = await costOf(ground(), 1, STORY);
  expect(cost).toMatchObject({ requests: 1, tokens: 1, outlasting: 0, lostLagSeconds: null });
  expect(cost.polling).toBeGreaterThan(2);
  // Any moment between two polls is as likely as another.
  expect(cost.pollingLagSeconds).toBeGreaterThan(0);
  expect(cost.pollingLagSeconds).toBeLessThan(2.1);
});

test('a lost callback costs a poll after the grace period, and is known no sooner than that', async () => {
  const cost = await costOf(ground(), 1, { ...STORY, lost: 1 });
  expect(cost).toMatchObject({ requests: 2, tokens: 1 });
  expect(cost.lostLagSeconds).toBeGreaterThan(1);
});

test('an execution that outlasts its grace period is polled while it runs, and the polls are reported', async () => {
  const cost = await costOf(ground(), 1, { ...STORY, graceSeconds: null });
  expect(cost.outlasting).toBeGreaterThan(0);
  expect(cost.requests).toBeGreaterThan(1);
});

test('a seed gives the same figures every time, and another one others', async () => {
  const here = ground();
  const story = { ...STORY, lost: 0.5, graceSeconds: null };
  expect(await costOf(here, 7, story)).toEqual(await costOf(here, 7, story));
  expect(await costOf(here, 8, story)).not.toEqual(await costOf(here, 7, story));
});

test('the receiver in virtual time has the default settings', () => {
  const config = readConfig({
    CXONE_BASE_URL: 'https://cxone.example',
    CXONE_CLIENT_ID: 'id',
    CXONE_CLIENT_SECRET: 'secret',
    PUBLIC_URL: 'https://receiver.example',
    CALLBACK_SECRET: 'a-secret-for-the-bench-of-32-characters',
    APP_KEYS: 'app:a-key-of-16-characters',
  });
  expect(config).toMatchObject({
    graceSeconds: 10,
    maxConcurrent: DEFAULTS.maxConcurrent,
    ratePerSecond: DEFAULTS.ratePerSecond,
    queueCapacity: DEFAULTS.queueCapacity,
    queueTimeoutMs: DEFAULTS.queueTimeoutSeconds * 1000,
    pollIntervalMs: DEFAULTS.pollIntervalSeconds * 1000,
    callbackTrust: DEFAULTS.trust,
  });
});

function pollerAt(world: ReturnType<typeof createManualWorld>, clientSecret: string) {
  const simulator = createSimulator({ world, latencyMs: 0, jitterMs: 0 });
  return createPoller({
    fetch: async (input, init) => simulator.fetch(new Request(input, init)),
    sleep: world.advance,
    baseUrl: 'http://cxone.example',
    clientId: 'simulator',
    clientSecret,
  });
}

test('an app that polls gets a token, submits once, and asks every two seconds until the end', async () => {
  const world = createManualWorld();
  const poller = pollerAt(world, 'simulator-secret');
  const begun = world.now();
  const known = await poller.run('order-1', 'look-up', { simulate: { runMs: 5_000, callbacks: [] } });
  expect(known).toEqual({ status: 'COMPLETED' });
  expect(world.now() - begun).toBe(6_000);
  expect(poller.requests).toEqual({ token: 1, execute: 1, poll: 3 });
});

test('an app that polls does not go on when CXone refuses: the measure fails and says at what', async () => {
  const poller = pollerAt(createManualWorld(), 'not-the-secret');
  await expect(poller.run('order-1', 'look-up', {})).rejects.toThrow('CXone answered 401 to a token request');
});

test('an interrupted story ends at the next step of its clock', async () => {
  const interrupted = { scratch: temporaryFolder(), signal: AbortSignal.abort(new Error('interrupted')) };
  await expect(costOf(interrupted, 1, STORY)).rejects.toThrow('interrupted');
});
