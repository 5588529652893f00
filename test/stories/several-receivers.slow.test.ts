// Two receivers on one PostgreSQL: what an operator sees and orders at the one that does not lead is that of the leader, and what
// one receiver gave a client is valid at the other.

import { describe, expect, test } from 'vitest';
import type { Receiver } from '../../src/receiver.ts';
import { serverUrl } from '../support/postgres/databases.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { cookieOf, form, page, tokenIn, twoReceivers } from './two-receivers.ts';

describe.skipIf(serverUrl === null)('two receivers on one PostgreSQL', () => {
  test('a pause that CXone caused is shown and lifted at either receiver', async () => {
    const { stage, other, operator, atOther, eventually } = await twoReceivers();
    stage.simulator.outage({ answer: 429, retryAfterSeconds: 120, ms: 600_000, calls: ['execute'] });
    const { body } = await stage.request('POST', '/v1/executions', { body: { actionId: 'charge' }, at: other });
    const pauseAt = async (at: Receiver) => (await stage.request('GET', '/v1/pause', { ...operator, at })).body.pause;
    await eventually(async () => (await pauseAt(other)) !== null);
    expect(await pauseAt(other)).toEqual(await pauseAt(stage.service()));
    expect(await pauseAt(other)).toMatchObject({ httpStatus: 429, correlationId: body.correlationId });
    const path = `/v1/executions/${body.correlationId}`;
    const wait = async () => (await stage.request('GET', path, { ...operator, at: other })).body.wait;
    // The pause is shown before the execution is queued again.
    await eventually(async () => (await wait()) !== undefined);
    expect(await wait()).toMatchObject({ reason: 'cxone-pause', position: 1 });
    stage.simulator.outage({ answer: 200, ms: 0 });
    expect((await atOther('POST', '/v1/pause/lift')).body.lifted).toMatchObject({ httpStatus: 429 });
    expect([await pauseAt(other), await pauseAt(stage.service())]).toEqual([null, null]);
    expect((await atOther('POST', '/v1/pause/lift')).body.lifted).toBe(null);
    const { items } = (await stage.request('GET', '/v1/activity', operator)).body;
    expect(items[0]).toMatchObject({ action: 'lift-pause', by: 'operator:alice' });
  });

  test('an endpoint that fails is shown, probed, paused and resumed at either receiver', async () => {
    const hook = await startWebhookReceiver();
    const env = { NOTIFY_URLS: `shop:${hook.url}`, NOTIFY_ALLOWED_HOSTS: `*:${hook.origin}` };
    const { stage, other, operator, atOther, eventually } = await twoReceivers(env);
    const endpointsAt = async (at: Receiver) =>
      (await stage.request('GET', '/v1/endpoints', { ...operator, at })).body.items;
    const circuitAt = async (at: Receiver) => (await endpointsAt(at))[0]?.circuit ?? null;
    hook.answer = () => ({ status: 503, body: 'closed' });
    for (let one = 0; one < 6; one += 1) await stage.submit('callback');
    await eventually(async () => (await circuitAt(other)) !== null);
    const { nextProbeAt, ...circuit } = await circuitAt(other);
    expect(circuit).toMatchObject({ reason: 'answered 503: closed' });
    expect(Date.parse(nextProbeAt)).toBeGreaterThan(stage.world.now() - 1);

    hook.answer = () => ({ status: 204 });
    const before = hook.received.length;
    expect((await atOther('POST', '/v1/endpoints/probe', { app: 'shop', origin: hook.origin })).status).toBe(200);
    await stage.until(() => hook.received.length > before);
    // All have arrived: none waits any more.
    await eventually(async () => (await endpointsAt(other)).length === 0);

    const paused = await atOther('POST', '/v1/endpoints/pause', { app: 'shop', origin: hook.origin });
    expect(paused.body.pause).toMatchObject({ by: 'operator:alice' });
    const silent = hook.received.length;
    const held = await stage.submit('callback');
    await stage.untilStatus(held, 'COMPLETED');
    await stage.pass(5_000);
    expect(hook.received.length).toBe(silent);
    expect((await atOther('POST', '/v1/endpoints/resume', { app: 'shop', origin: hook.origin })).status).toBe(200);
    await eventually(async () => hook.received.length > silent);
  });

  test('sending that is paused at one receiver stops at the leader, and continues when it is resumed at the other', async () => {
    const { stage, other, operator, atOther, eventually } = await twoReceivers();
    expect((await atOther('POST', '/v1/pauses', { app: 'shop', reason: 'ticket 4711' })).status).toBe(201);
    const held = await stage.submit('callback');
    await stage.pass(5_000);
    expect((await stage.get(held)).status).toBe('QUEUED');
    for (const at of [stage.service(), other]) {
      const { items } = (await stage.request('GET', '/v1/pauses', { ...operator, at })).body;
      expect(items).toMatchObject([{ app: 'shop', reason: 'ticket 4711', queued: 1 }]);
    }
    expect((await atOther('POST', '/v1/pauses/resume', { app: 'shop' })).status).toBe(200);
    await eventually(async () => (await stage.get(held)).status === 'COMPLETED');
  });

  test('a reconciliation is started at one receiver, and its report is that of both', async () => {
    const { stage, other, operator, atOther, eventually } = await twoReceivers();
    const slow = await stage.submit('never-ends', { graceSeconds: 0, timeoutSeconds: 5 });
    await eventually(async () => (await stage.get(slow)).status === 'TIMEOUT');
    const [from, to] = [stage.world.now() - 3_600_000, stage.world.now()].map((at) => new Date(at).toISOString());
    const started = await atOther('POST', '/v1/reconciliations', { from, to });
    expect([started.status, started.body.by]).toEqual([202, 'operator:alice']);
    const path = started.headers.get('location') ?? '';
    const reportAt = async (at: Receiver) => (await stage.request('GET', path, { ...operator, at })).body;
    await eventually(async () => (await reportAt(other)).status === 'ENDED');
    expect(await reportAt(other)).toEqual(await reportAt(stage.service()));
    expect(await reportAt(other)).toMatchObject({
      counts: { asked: 1, running: 1 },
      differs: [{ correlationId: slow }],
    });
  });

  test('a session, its forms and its end are valid at both receivers', async () => {
    const { stage, other, leader } = await twoReceivers();
    const id = await stage.submit('never-ends');
    const cookie = await cookieOf(leader);
    const question = await page(leader, `/console/executions/${id}/cancel`, cookie);
    const token = tokenIn(await question.text());
    expect(token).not.toBe('');
    const done = await form(other, `/console/executions/${id}/cancel`, cookie, { token });
    expect(done.status).toBe(303);
    expect((await stage.get(id)).status).toBe('CANCELLED');
    expect((await page(leader, '/console/activity', cookie)).status).toBe(200);
    await form(other, '/console/logout', cookie, {});
    expect([(await page(leader, '/console/activity', cookie)).status, (await page(other, '/', cookie)).status]).toEqual(
      [401, 401],
    );
  });

  test('a change of many that was asked at one receiver is confirmed at the other, for what was counted', async () => {
    const { stage, other, leader } = await twoReceivers();
    for (let n = 0; n < 3; n += 1) await stage.untilStatus(await stage.submit('never-ends'), 'PENDING');
    const cookie = await cookieOf(leader);
    const question = await (await page(leader, '/console/all/cancel?status=OPEN', cookie)).text();
    expect(question).toContain('3');
    const token = tokenIn(question);
    await stage.pass(1_000);
    const later = await stage.submit('never-ends');
    const done = await form(other, '/console/all/cancel?status=OPEN', cookie, { token });
    expect(done.status).toBe(303);
    expect((await stage.get(later)).status).not.toBe('CANCELLED');
    const { items } = (await stage.request('GET', '/v1/executions?status=CANCELLED')).body;
    expect(items).toHaveLength(3);
  });
});
