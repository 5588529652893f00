// What an app may rely on when it submits.

import { describe, expect, test } from 'vitest';
import {
  type BatchItem,
  createSubmit,
  type SubmissionHeaders,
  type SubmissionRequest,
  type Submit,
} from '../../src/usecases/submit.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { createMemoryStore } from '../support/memory-store.ts';

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

const ALONE: SubmissionHeaders = { idempotencyKey: null, traceparent: null, tracestate: null };

function open(graceSeconds = 10, notifyUrls = new Map<string, string>()) {
  const world = createManualWorld();
  const store = createMemoryStore();
  return {
    world,
    store,
    submit: createSubmit(store, world, {
      graceSeconds,
      queueTimeoutMs: 5000,
      queueCapacity: 10,
      appQueueCapacities: new Map(),
      notifyUrls,
    }),
  };
}

test('a submission without an id gets a time-ordered one, and the configured grace period', async () => {
  const { world, submit } = open(25);
  const added = await submit.one('shop', REQUEST, ALONE);
  expect(added).toMatchObject({ outcome: 'added', execution: { graceSeconds: 25, expireAt: world.now() + 5000 } });
  const id = added.outcome === 'added' ? added.execution.correlationId : '';
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('the same submission again is recognised whatever the order of its members, another one is not', async () => {
  const { submit } = open();
  const first = { ...REQUEST, correlationId: 'order-1' };
  await submit.one('shop', first, ALONE);
  expect(await submit.one('shop', { ...first, inputs: { b: 2, a: 1 } }, ALONE)).toMatchObject({ outcome: 'replayed' });
  expect(await submit.one('shop', { ...first, inputs: { a: 1, b: 3 } }, ALONE)).toEqual({ outcome: 'conflict' });
  expect(await submit.one('shop', { ...first, timeoutSeconds: 31 }, ALONE)).toEqual({ outcome: 'conflict' });
});

test('an app with a default URL is told there, and a submission is the same when that has changed', async () => {
  const { submit, store } = open(10, new Map([['shop', 'https://hooks.example/']]));
  const first = { ...REQUEST, correlationId: 'order-1' };
  const urlOf = async (app: string, notifyUrl: string | null) => {
    const added = await submit.one(app, { ...REQUEST, notifyUrl }, ALONE);
    return added.outcome === 'added' ? added.execution.notifyUrl : added.outcome;
  };
  expect(await urlOf('shop', null)).toBe('https://hooks.example/');
  expect(await urlOf('shop', 'https://elsewhere.example/')).toBe('https://elsewhere.example/');
  expect(await urlOf('other', null)).toBeNull();
  await submit.one('shop', first, ALONE);
  const world = createManualWorld();
  const later = createSubmit(store, world, {
    graceSeconds: 10,
    queueTimeoutMs: 5000,
    queueCapacity: 10,
    appQueueCapacities: new Map(),
  });
  expect(await later.one('shop', first, ALONE)).toMatchObject({ outcome: 'replayed' });
});

describe('a batch', () => {
  const invalid: BatchItem = { type: 'invalid', sent: { actionID: 'charge' } };
  const one = (request: Partial<SubmissionRequest> = {}): BatchItem => ({
    type: 'submission',
    request: { ...REQUEST, ...request },
  });
  const keyed = (key: string | null): SubmissionHeaders => ({ ...ALONE, idempotencyKey: key });
  const outcomes = (all: Awaited<ReturnType<Submit['batch']>>) => all.map((added) => added?.outcome ?? null);

  test('each outcome stands in the place of its item, and nothing is made of what is no submission', async () => {
    const { store, submit } = open();
    const items = [invalid, one({ correlationId: 'a' }), invalid, one({ correlationId: 'a', priority: 9 }), one()];
    expect(outcomes(await submit.batch('shop', { items, atomic: false }, ALONE))).toEqual([
      null,
      'added',
      null,
      'conflict',
      'added',
    ]);
    expect((await store.list({ app: 'shop', limit: 10 })).items).toHaveLength(2);
  });

  test('under its key it is recognised by what it means, the invalid included', async () => {
    const { submit } = open();
    const send = (items: BatchItem[], atomic = false) =>
      submit.batch('shop', { items, atomic }, keyed('key')).then(outcomes);
    expect(await send([one(), invalid])).toEqual(['added', null]);
    expect(await send([one({ inputs: { b: 2, a: 1 } }), invalid])).toEqual(['replayed', null]);
    for (const sent of [{ actionID: 'refund' }, { actionID: 'charge', more: true }, 'charge', '\ud800']) {
      expect(await send([one(), { type: 'invalid', sent }])).toEqual(['key-reused', null]);
    }
    expect(await send([one(), invalid], true)).toEqual(['key-reused', null]);
    expect(await send([invalid, one()])).toEqual([null, 'key-reused']);
    expect(await send([one(), invalid, one()])).toEqual(['key-reused', null, 'key-reused']);
  });

  test('alike items of one batch are so many executions', async () => {
    const { submit } = open();
    const send = () => submit.batch('shop', { items: [one(), one(), one()], atomic: true }, keyed('key'));
    expect(outcomes(await send())).toEqual(['added', 'added', 'added']);
    expect(outcomes(await send())).toEqual(['replayed', 'replayed', 'replayed']);
  });
});
