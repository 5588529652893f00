// Submitting an ended execution again over the API: the explicit choice, the links, and what is refused.

import { expect, test } from 'vitest';
import { callback, completed } from '../../support/executions.ts';
import { running } from '../console/visitor.ts';
import { ALICE_KEY, CAROL_KEY, dispatchAll, type Harness, ORDERS_KEY, startHttp } from '../harness.ts';

const ACCEPTED = { mayRunTwice: true };

const resubmit = (http: Harness, id: string, body: unknown = ACCEPTED, key = ALICE_KEY) =>
  http.call('POST', `/v1/executions/${id}/resubmit`, { key, body });

/** An execution that was sent and cancelled. */
async function cancelled(http: Harness, body: object = {}): Promise<void> {
  await running(http, { correlationId: 'old', ...body });
  await http.call('POST', '/v1/executions/old/cancel');
}

test('the new execution has the submission of the old one and another id, and each names the other', async () => {
  await using http = await startHttp();
  const submission = {
    ...{ inputs: { amount: 42 }, context: { contactId: '1' }, timeoutSeconds: 60, graceSeconds: 3, priority: 7 },
    ...{ retryUncertain: true, notifyUrl: 'https://hooks.example/executions' },
  };
  await cancelled(http, submission);
  const { status, json, headers } = await resubmit(http, 'old', { ...ACCEPTED, reason: 'did not run' });
  expect([status, headers.get('location')]).toEqual([202, `/v1/executions/${json.correlationId}`]);
  expect(json).toMatchObject({ status: 'QUEUED', app: 'orders', actionId: 'charge-card', resubmissionOf: 'old' });
  expect(json.correlationId).not.toBe('old');
  expect('resubmittedAs' in json).toBe(false);
  const { inputs: _i, context: _c, ...settings } = submission;
  expect(await http.store.find(json.correlationId)).toMatchObject({ ...settings, idempotencyKey: null });
  expect(await http.store.payloads(json.correlationId)).toMatchObject({
    inputs: { amount: 42 },
    context: { contactId: '1' },
  });
  const old = await http.call('GET', '/v1/executions/old', { key: ORDERS_KEY });
  expect(old.json).toMatchObject({ status: 'CANCELLED', resubmittedAs: json.correlationId });
  const { items } = (await http.call('GET', '/v1/executions', { key: ORDERS_KEY })).json;
  expect(items).toMatchObject([{ resubmissionOf: 'old' }, { resubmittedAs: json.correlationId }]);
  const activity = (await http.call('GET', '/v1/activity?action=resubmit', { key: CAROL_KEY })).json.items;
  expect(activity).toMatchObject([{ target: 'old', reason: 'did not run', outcome: 'done', by: 'operator:alice' }]);
});

test('a repeated request makes no other execution, and returns the first one in its present state', async () => {
  await using http = await startHttp();
  await cancelled(http);
  const first = await resubmit(http, 'old');
  await dispatchAll(http);
  const again = await resubmit(http, 'old');
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
  expect(again.json).toMatchObject({ correlationId: first.json.correlationId, status: 'PENDING' });
  expect((await http.store.list({ app: null, limit: 10 })).items).toHaveLength(2);
});

test('it needs the explicit choice, which the refusal explains', async () => {
  await using http = await startHttp();
  await cancelled(http);
  for (const body of [{}, { mayRunTwice: false }, { mayRunTwice: 'true' }, { reason: 'x' }]) {
    const { status, json } = await resubmit(http, 'old', body);
    expect([status, json.errors[0].pointer]).toEqual([422, '#/mayRunTwice']);
  }
  const wrong = await resubmit(http, 'old', { mayRunTwice: false });
  expect(wrong.json.errors[0].detail).toContain('may have run at CXone');
  expect((await http.store.find('old'))?.resubmittedAs).toBeNull();
});

test('only an administrator may, and an unknown execution is not found', async () => {
  await using http = await startHttp();
  await cancelled(http);
  expect((await resubmit(http, 'old', ACCEPTED, ORDERS_KEY)).status).toBe(403);
  expect((await resubmit(http, 'old', ACCEPTED, CAROL_KEY)).status).toBe(403);
  expect((await resubmit(http, 'none')).status).toBe(404);
});

test('what has not ended, has a result, or has lost its inputs is refused with the reason', async () => {
  await using http = await startHttp({ queueCapacity: 20 });
  const detailOf = async (id: string) => {
    const { status, json } = await resubmit(http, id);
    expect([status, json.type]).toEqual([409, 'urn:cxone-callback-receiver:problem:cannot-be-resubmitted']);
    return json.detail;
  };
  await running(http, { correlationId: 'open' });
  expect(await detailOf('open')).toBe('It has not ended: it is PENDING. Wait for its end, or cancel it first.');
  await running(http, { correlationId: 'done' });
  const { reference = '' } = (await http.store.find('done')) ?? {};
  await http.store.record(reference, callback(completed()), http.world.now());
  expect(await detailOf('done')).toBe('It is COMPLETED: it has a result.');
  await cancelled(http);
  const { reference: old = '' } = (await http.store.find('old')) ?? {};
  await http.store.record(old, callback(completed()), http.world.now());
  expect(await detailOf('old')).toBe('It is CANCELLED, and a late result arrived: it COMPLETED at CXone.');
  await http.submit({ correlationId: 'erased' });
  await http.call('POST', '/v1/executions/erased/cancel');
  await http.call('POST', '/v1/executions/erased/erase', { key: ALICE_KEY, body: { reason: 'art. 17' } });
  expect(await detailOf('erased')).toBe(
    'Its inputs were erased, so there is nothing to submit. The app can submit it.',
  );
  await http.submit({ correlationId: 'pruned' });
  await http.call('POST', '/v1/executions/pruned/cancel');
  const later = http.world.now() + 1;
  await http.store.prunePayloads(await http.store.prunablePayloads(9, later, null), later, later);
  expect(await detailOf('pruned')).toContain('Its inputs were deleted (PAYLOAD_RETENTION_DAYS)');
});

test('a full queue and a receiver that shuts down accept none', async () => {
  let isDraining = false;
  await using http = await startHttp({ queueCapacity: 1, lifecycle: { draining: () => isDraining } });
  await cancelled(http);
  await http.submit({ correlationId: 'queued' });
  expect((await resubmit(http, 'old')).json.type).toBe('urn:cxone-callback-receiver:problem:queue-full');
  isDraining = true;
  expect((await resubmit(http, 'old')).json.type).toBe('urn:cxone-callback-receiver:problem:draining');
  expect((await http.store.find('old'))?.resubmittedAs).toBeNull();
});
