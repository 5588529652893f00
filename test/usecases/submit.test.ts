// Submission: what an app may rely on.

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { describe, expect, test } from 'vitest';
import { newExecution } from '../../src/execution/execution.ts';
import { type JsonObject, LargeJson, parseJson } from '../../src/execution/json.ts';
import type { BatchItem, SubmissionRequest } from '../../src/usecases/submission-request.ts';
import { createSubmit, type SubmissionHeaders, type Submit } from '../../src/usecases/submit.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { createStoreInMemory } from '../support/store-in-memory.ts';

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
  const store = createStoreInMemory();
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

test('an equal submission is recognised whatever the order of its members, and a different one is not', async () => {
  const { submit } = open();
  const first = { ...REQUEST, correlationId: 'order-1' };
  await submit.one('shop', first, ALONE);
  expect(await submit.one('shop', { ...first, inputs: { b: 2, a: 1 } }, ALONE)).toMatchObject({ outcome: 'replayed' });
  expect(await submit.one('shop', { ...first, inputs: { a: 1, b: 3 } }, ALONE)).toEqual({ outcome: 'conflict' });
  expect(await submit.one('shop', { ...first, timeoutSeconds: 31 }, ALONE)).toEqual({ outcome: 'conflict' });
});

test('an app with a default URL is notified there, and a submission stays equal when that URL has changed', async () => {
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

  test('has the outcome of each item at its index, and creates nothing for an invalid one', async () => {
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

  test('is recognised under its key by its content, including invalid items', async () => {
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

  test('with equal items creates one execution for each', async () => {
    const { submit } = open();
    const send = () => submit.batch('shop', { items: [one(), one(), one()], atomic: true }, keyed('key'));
    expect(outcomes(await send())).toEqual(['added', 'added', 'added']);
    expect(outcomes(await send())).toEqual(['replayed', 'replayed', 'replayed']);
  });
});

describe('numbers of a submission', () => {
  const inputsOf = (text: string) => parseJson(text) as JsonObject;

  test.each([
    ['{"amount":10.0}', '{"amount":10}'],
    ['{"amount":10.0,"ref":12345678901234567890}', '{"amount":10,"ref":12345678901234567890}'],
    ['{"amount":-0.0}', '{"amount":0}'],
    ['{"deep":[{"n":1e2}]}', '{"deep":[{"n":100}]}'],
  ])('%s and %s are one submission', async (one, other) => {
    const { submit } = open();
    const first = { ...REQUEST, correlationId: 'order-1', inputs: inputsOf(one) };
    await submit.one('shop', first, ALONE);
    expect(await submit.one('shop', { ...first, inputs: inputsOf(other) }, ALONE)).toMatchObject({
      outcome: 'replayed',
    });
    expect(await submit.one('shop', { ...first, context: inputsOf(other) }, ALONE)).toEqual({ outcome: 'conflict' });
  });

  test.each([
    ['{"ref":12345678901234567890}', '{"ref":{"rawJSON":"12345678901234567890"}}'],
    ['{"ref":9007199254740993}', '{"ref":9007199254740992}'],
    ['{"ref":1}', '{"ref":"1"}'],
    ['{"ref":null}', '{}'],
  ])('%s and %s are two', async (one, other) => {
    const { submit } = open();
    const first = { ...REQUEST, correlationId: 'order-1', inputs: inputsOf(one) };
    await submit.one('shop', first, ALONE);
    expect(await submit.one('shop', { ...first, inputs: inputsOf(other) }, ALONE)).toEqual({ outcome: 'conflict' });
  });

  test('an Idempotency-Key compares them likewise, for one submission and for a batch', async () => {
    const { submit } = open();
    const keyed = { ...ALONE, idempotencyKey: 'key-1' };
    const batchKey = { ...ALONE, idempotencyKey: 'key-2' };
    const named = (text: string) => ({ ...REQUEST, inputs: inputsOf(text) });
    const batch = (text: string, sent: string) => ({
      items: [
        { type: 'submission', request: named(text) },
        { type: 'invalid', sent: parseJson(sent) },
      ] satisfies BatchItem[],
      atomic: false,
    });
    await submit.one('shop', named('{"n":2.50}'), keyed);
    expect(await submit.one('shop', named('{"n":25e-1}'), keyed)).toMatchObject({ outcome: 'replayed' });
    await submit.batch('shop', batch('{"n":2.50}', '{"x":1.0}'), batchKey);
    const again = await submit.batch('shop', batch('{"n":2.5}', '{"x":1}'), batchKey);
    expect(again).toMatchObject([{ outcome: 'replayed' }, null]);
    const other = await submit.batch('shop', batch('{"n":2.5}', '{"x":2}'), batchKey);
    expect(other).toMatchObject([{ outcome: 'key-reused' }, null]);
  });
});

describe('a submission that version 0.1.0 accepted', () => {
  const inputsOf = (text: string) => parseJson(text) as JsonObject;
  /** The parser of 0.1.0 kept the digits of a body only if one number required it, and `canonicalize` wrote such a number as an object. */
  const parseOfVersion010 = (text: string): JsonObject =>
    /(?:^|[\s:,[])-?(?:[\d.]{16}|[\d.]+[eE])/.test(text) ? inputsOf(text) : JSON.parse(text);
  const printOfVersion010 = ({ priority: _priority, ...rest }: SubmissionRequest) =>
    hash('sha256', canonicalize(rest) ?? '', 'hex');

  async function openWithOld(text: string, idempotencyKey: string | null = null) {
    const now = open();
    const request = { ...REQUEST, correlationId: 'order-1', inputs: parseOfVersion010(text) };
    const arrival = { ...ALONE, idempotencyKey };
    const reference = now.world.id(now.world.now());
    const execution = newExecution({ ...request, ...arrival, app: 'shop', graceSeconds: 10 }, reference, 0, 1000);
    await now.store.add({ execution, fingerprint: printOfVersion010(request), queueCapacity: 10 });
    return { ...now, repeat: (inputs: string) => ({ ...request, inputs: inputsOf(inputs) }) };
  }

  test.each([
    ['{"amount":10.0}', '{"amount":10.0}'],
    ['{"amount":10.0}', '{"amount":10}'],
    ['{"amount":10}', '{"amount":1e1}'],
    ['{"amount":10.0,"ref":12345678901234567890}', '{"amount":10.0,"ref":12345678901234567890}'],
    ['{"amount":10.0,"ref":12345678901234567890}', '{"ref":12345678901234567890,"amount":10}'],
    ['{"delta":-0.0,"took":3.2e-05}', '{"delta":0,"took":0.000032}'],
  ])('%s replays for %s', async (old, again) => {
    const { submit, repeat } = await openWithOld(old);
    expect(await submit.one('shop', repeat(again), ALONE)).toMatchObject({ outcome: 'replayed' });
  });

  test.each([
    ['{"ref":12345678901234567890}', '{"ref":{"rawJSON":"12345678901234567890"}}'],
    ['{"ref":12345678901234567890}', '{"ref":12345678901234567891}'],
  ])('%s does not for %s, nor for other members', async (old, other) => {
    const { submit, repeat } = await openWithOld(old);
    expect(await submit.one('shop', repeat(other), ALONE)).toEqual({ outcome: 'conflict' });
    expect(await submit.one('shop', { ...repeat(old), timeoutSeconds: 31 }, ALONE)).toEqual({ outcome: 'conflict' });
    expect(await submit.one('shop', { ...repeat(old), graceSeconds: 10 }, ALONE)).toEqual({ outcome: 'conflict' });
  });

  test('replays if it is large, alone and in a batch, and another large one does not', async () => {
    const list = `{"list":[${Array(3_000).fill('1.50').join()}]}`;
    const { submit, repeat } = await openWithOld(list);
    const large = (text: string) => ({ ...repeat('{}'), inputs: LargeJson.asText(text) as JsonObject });
    const [same, other] = [list.replaceAll('1.50', '15e-1'), list.replace('1.50', '1.51')];
    expect(await submit.one('shop', large(same), ALONE)).toMatchObject({ outcome: 'replayed' });
    expect(await submit.one('shop', large(other), ALONE)).toEqual({ outcome: 'conflict' });
    const batch = (text: string, atomic: boolean) => {
      const items = [
        { type: 'submission', request: { ...REQUEST, correlationId: `order-${text.length}-${atomic}` } },
        { type: 'submission', request: large(text) },
      ] satisfies BatchItem[];
      return submit.batch('shop', { items, atomic }, ALONE);
    };
    expect(await batch(same, false)).toMatchObject([{ outcome: 'added' }, { outcome: 'replayed' }]);
    expect(await batch(same, true)).toMatchObject([{ outcome: 'added' }, { outcome: 'replayed' }]);
    expect(await batch(other, false)).toMatchObject([{ outcome: 'added' }, { outcome: 'conflict' }]);
  });

  test('replays for its Idempotency-Key, and for the key of its batch', async () => {
    const { submit, repeat } = await openWithOld('{"n":1.50,"m":1e2}', 'key-1');
    const keyed = { ...ALONE, idempotencyKey: 'key-1' };
    expect(await submit.one('shop', repeat('{"n":1.5,"m":100}'), keyed)).toMatchObject({ outcome: 'replayed' });

    const item = { ...REQUEST, correlationId: 'order-1', inputs: parseOfVersion010('{"n":1.50}') };
    const invalid = parseOfVersion010('{"x":1.0}');
    const prints = [printOfVersion010(item), hash('sha256', canonicalize(invalid) ?? '', 'hex')];
    const name = `key-2 ${hash('sha256', JSON.stringify([false, ...prints]), 'hex')}`;
    const batched = await openWithOld('{"n":1.50}', `${name} 0`);
    const batch = (n: string, x: string) => ({
      items: [
        { type: 'submission', request: batched.repeat(n) },
        { type: 'invalid', sent: parseJson(x) },
      ] satisfies BatchItem[],
      atomic: false,
    });
    const key = { ...ALONE, idempotencyKey: 'key-2' };
    const replayed = await batched.submit.batch('shop', batch('{"n":1.50}', '{"x":1.0}'), key);
    expect(replayed).toMatchObject([{ outcome: 'replayed' }, null]);
    const reused = await batched.submit.batch('shop', batch('{"n":1.50}', '{"x":2}'), key);
    expect(reused).toMatchObject([{ outcome: 'key-reused' }, null]);
  });
});
