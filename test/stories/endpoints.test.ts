// An operator sees why notifications and queued executions wait, and pauses, resumes and probes an endpoint.

import { expect, test } from 'vitest';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { OPERATOR_KEY, page, type Stage, setStage } from './stage.ts';

const operator = { key: OPERATOR_KEY };

async function hooked() {
  const hook = await startWebhookReceiver();
  return { hook, stage: await setStage({ NOTIFY_URLS: `shop:${hook.url}`, NOTIFY_ALLOWED_HOSTS: `*:${hook.origin}` }) };
}

const endpoints = async (stage: Stage) => (await stage.request('GET', '/v1/endpoints', operator)).body.items;

const order = (stage: Stage, verb: string, origin: string, reason?: string) =>
  stage.request('POST', `/v1/endpoints/${verb}`, {
    ...operator,
    body: { app: 'shop', origin, ...(reason && { reason }) },
  });

async function ended(stage: Stage, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let one = 0; one < count; one += 1) ids.push(await stage.submit('callback'));
  for (const id of ids) await stage.untilStatus(id, 'COMPLETED');
  return ids;
}

test('a pending notification shows the failure, since when its circuit is open, the next probe and what waits behind it', async () => {
  const { stage, hook } = await hooked();
  hook.answer = () => ({ status: 503, body: 'closed' });
  await ended(stage, 6);
  await stage.until(async () => (await endpoints(stage))[0]?.circuit != null);
  const [failing] = await endpoints(stage);
  expect(failing).toMatchObject({ app: 'shop', origin: hook.origin, waiting: 6, pause: null });
  expect(failing.circuit).toMatchObject({ reason: 'answered 503: closed' });
  expect(Date.parse(failing.circuit.nextProbeAt)).toBeGreaterThanOrEqual(stage.world.now());
  const list = await page(stage, '/console/notifications?status=PENDING');
  expect(list).toMatch(
    /answered 503: closed, circuit open since 20[\d-]+ [\d:.]+ .{0,20}, next probe 20[\d-]+ .{0,60}, 5 waiting behind it/,
  );
  const one = await page(stage, `/console/endpoints?app=shop&origin=${encodeURIComponent(hook.origin)}`);
  expect(one).toMatch(
    /State answered 503: closed, circuit open since .* Waiting 6 Delivered 0 of the newest 6 notifications/,
  );
});

test('a probe on request finds out at once that an endpoint is back', async () => {
  const { stage, hook } = await hooked();
  hook.answer = () => ({ status: 503 });
  await ended(stage, 6);
  await stage.until(async () => (await endpoints(stage))[0]?.circuit != null);
  hook.answer = () => ({ status: 204 });
  const before = hook.received.length;
  expect((await order(stage, 'probe', hook.origin)).status).toBe(200);
  await stage.until(() => hook.received.length > before);
  await stage.until(async () =>
    (await endpoints(stage)).every(({ circuit }: { circuit: unknown }) => circuit === null),
  );
});

test('a paused endpoint gets nothing, also after a restart, until it is resumed; other apps are not affected', async () => {
  const { stage, hook } = await hooked();
  const paused = await order(stage, 'pause', hook.origin, 'maintenance');
  expect(paused.body.pause).toMatchObject({ by: 'operator:alice', reason: 'maintenance' });
  const [id = ''] = await ended(stage, 1);
  await stage.pass(60_000, 5_000);
  await stage.restart();
  await stage.pass(60_000, 5_000);
  expect(hook.received).toEqual([]);
  expect(await endpoints(stage)).toMatchObject([{ origin: hook.origin, waiting: 1, pause: { reason: 'maintenance' } }]);
  expect(await page(stage, `/console/executions/${id}`)).toMatch(
    /paused since .* by alice: maintenance, 0 waiting behind it/,
  );
  expect(await page(stage, '/console/endpoints')).toContain('by alice: maintenance');
  expect((await order(stage, 'resume', hook.origin)).body.pause).toBeNull();
  await stage.until(() => hook.received.length === 1);
  const { body } = await stage.request('GET', '/v1/activity?by=alice', operator);
  expect(body.items.map(({ action }: { action: string }) => action)).toEqual(['resume-endpoint', 'pause-endpoint']);
});

test('an order that names no endpoint is refused with the rule', async () => {
  const { stage } = await hooked();
  for (const origin of ['hooks.example', 'https://hooks.example/path', 'ftp://hooks.example']) {
    const { status, body } = await order(stage, 'pause', origin);
    expect([status, JSON.stringify(body.errors)]).toEqual([422, expect.stringContaining('must be an origin')]);
  }
});

test('a pause or probe of an app that does not exist, and a page or filter that names no endpoint, are refused', async () => {
  const { stage, hook } = await hooked();
  const ofShopp = { ...operator, body: { app: 'shopp', origin: hook.origin } };
  for (const verb of ['pause', 'probe']) {
    const { status, body } = await stage.request('POST', `/v1/endpoints/${verb}`, ofShopp);
    expect([status, body.errors]).toEqual([
      422,
      [{ pointer: '#/app', detail: 'is not an app of APP_KEYS, and nothing waits for it' }],
    ]);
  }
  expect((await stage.request('POST', '/v1/endpoints/resume', ofShopp)).body.pause).toBeNull();
  expect(await endpoints(stage)).toEqual([]);
  for (const address of ['app=shop', 'app=shop&origin=hooks.example', 'app=a+b&origin=https://hooks.example']) {
    expect(await page(stage, `/console/endpoints?${address}`)).toContain('This address names no endpoint of an app.');
  }
  for (const endpoint of ['hooks.example', `${hook.origin}/path`]) {
    const listed = await stage.request('GET', `/v1/notifications?endpoint=${endpoint}`, operator);
    const replayed = await stage.request('POST', '/v1/notifications/replay', { ...operator, body: { endpoint } });
    for (const { status, body } of [listed, replayed]) {
      expect([status, body.errors[0].pointer, body.errors[0].detail]).toEqual([
        ...[422, '#/endpoint'],
        expect.stringContaining('must be an origin, as GET /v1/endpoints has it'),
      ]);
    }
  }
});

test('a replay of what a paused endpoint has not got names no time that has passed', async () => {
  const { stage, hook } = await hooked();
  await order(stage, 'pause', hook.origin);
  await ended(stage, 1);
  await stage.pass(60_000, 5_000);
  const { body } = await stage.request('GET', '/v1/notifications', operator);
  const refused = await stage.request('POST', `/v1/notifications/${body.items[0].id}/replay`, operator);
  expect([refused.status, refused.body.detail]).toEqual([
    409,
    'It is still to be sent, when its endpoint is resumed. What is DELIVERED or DEAD can be replayed.',
  ]);
});

test('a queued execution shows what holds it up and its position, and nothing that is next is in the past', async () => {
  const { stage } = await hooked();
  stage.simulator.outage({ answer: 503, ms: 600_000, calls: ['token'] });
  await stage.restart();
  const ids = [await stage.submit('callback'), await stage.submit('callback'), await stage.submit('callback')];
  await stage.pass(5_000);
  const shown = await page(stage, `/console/executions/${ids[2]}`);
  expect(shown).toMatch(/Waits as number 3 in the queue of shop: CXone gives no access token since 20/);
  expect(shown).toMatch(/Next: send now/);
});
