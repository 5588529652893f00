// What an app may rely on when it submits.

import { expect, test } from 'vitest';
import { type Arrival, createSubmit, type SubmissionRequest } from '../src/submit.ts';
import { createManualWorld } from './support/manual-world.ts';
import { createMemoryStore } from './support/memory-store.ts';

const REQUEST: SubmissionRequest = {
  correlationId: null,
  actionId: 'charge',
  inputs: { a: 1, b: 2 },
  context: {},
  timeoutSeconds: 30,
  graceSeconds: null,
  retryUncertain: false,
  notifyUrl: null,
  priority: 4,
};

const ALONE: Arrival = { idempotencyKey: null, traceparent: null, tracestate: null };

function open(graceSeconds = 10) {
  const world = createManualWorld();
  const store = createMemoryStore();
  return {
    world,
    store,
    submit: createSubmit(store, world, { graceSeconds, queueTimeoutMs: 5000, queueCapacity: 10 }),
  };
}

test('a submission without an id gets a time-ordered one, and the configured grace period', async () => {
  const { world, submit } = open(25);
  const added = await submit('shop', REQUEST, ALONE);
  expect(added).toMatchObject({ outcome: 'added', execution: { graceSeconds: 25, expireAt: world.now() + 5000 } });
  const id = added.outcome === 'added' ? added.execution.correlationId : '';
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('the same submission again is recognised whatever the order of its members, another one is not', async () => {
  const { submit } = open();
  const first = { ...REQUEST, correlationId: 'order-1' };
  await submit('shop', first, ALONE);
  expect(await submit('shop', { ...first, inputs: { b: 2, a: 1 } }, ALONE)).toMatchObject({ outcome: 'replayed' });
  expect(await submit('shop', { ...first, inputs: { a: 1, b: 3 } }, ALONE)).toEqual({ outcome: 'conflict' });
  expect(await submit('shop', { ...first, timeoutSeconds: 31 }, ALONE)).toEqual({ outcome: 'conflict' });
});
