// Notifications across the whole service: one for each outcome, signed, delivered in the end, and not delayed by other apps.

import { Webhook } from 'standardwebhooks';
import { expect, test, vi } from 'vitest';
import { type ReceivedNotification, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { callbackUrlOf, OPERATOR_KEY, OTHER_APP_KEY, type Stage, setStage } from './stage.ts';

const SECRETS = [1, 2].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`) as [string, string];

const OPERATOR = { authorization: `Basic ${btoa(`alice:${OPERATOR_KEY}`)}` };

interface Hooked {
  readonly stage: Stage;
  readonly hook: WebhookReceiver;
}

async function hooked(env: (hook: WebhookReceiver) => Record<string, string> = () => ({})): Promise<Hooked> {
  const hook = await startWebhookReceiver();
  const stage = await setStage({ NOTIFY_ALLOWED_HOSTS: `*:${hook.origin}`, ...env(hook) });
  return { stage, hook };
}

/** Verifies as an app does, with the public library, at the time of the attempt: the library reads the system clock. */
function verified({ body, headers }: ReceivedNotification, secret: string) {
  vi.useFakeTimers({ toFake: ['Date'], now: Number(headers['webhook-timestamp']) * 1000 });
  try {
    // biome-ignore lint/suspicious/noExplicitAny: the body of a notification, asserted on member by member
    return new Webhook(secret).verify(body, headers) as any;
  } finally {
    vi.useRealTimers();
  }
}

async function secretsOf(stage: Stage): Promise<string[]> {
  return (await stage.request('GET', '/v1/notifications/secrets')).body.secrets;
}

async function untilTold({ stage, hook }: Hooked, count: number): Promise<void> {
  await stage.until(() => hook.received.length >= count);
}

/** The first notification of an execution, as operators see it. */
async function notificationOf(stage: Stage, correlationId: string) {
  const path = `/v1/notifications?correlationId=${correlationId}`;
  return (await stage.request('GET', path, { key: OPERATOR_KEY })).body.items.at(-1);
}

async function untilNotification(stage: Stage, correlationId: string, status: string): Promise<void> {
  await stage.until(async () => (await notificationOf(stage, correlationId))?.status === status);
}

async function deliveries(stage: Stage, correlationId: string): Promise<string[]> {
  return (await stage.events(correlationId)).filter((event) => event.startsWith('NOTIFICATION'));
}

test('an app is notified of each outcome once, signed so that the public library accepts it', async () => {
  const { stage, hook } = await hooked();
  const [secret = ''] = await secretsOf(stage);
  const completed = await stage.submit({ runMs: 2_000 }, { notifyUrl: `${hook.url}?of=orders` });
  await stage.untilStatus(completed, 'PENDING');
  const refused = await stage.submit('refused-400', { notifyUrl: hook.url });
  const cancelled = await stage.submit('never-ends', { notifyUrl: hook.url });
  await stage.untilStatus(cancelled, 'PENDING');
  await stage.request('POST', `/v1/executions/${cancelled}/cancel`);
  await stage.pass(2_000);
  await untilTold({ stage, hook }, 3);
  await stage.pass(60_000, 5_000);
  const received = hook.received.map((one) => verified(one, secret));
  for (const [id, type] of [
    [completed, 'execution.completed'],
    [refused, 'execution.rejected'],
    [cancelled, 'execution.cancelled'],
  ] as const) {
    const execution = await stage.get(id);
    expect(received.filter(({ data }) => data.correlationId === id)).toEqual([
      { type, timestamp: execution.resolvedAt, data: execution },
    ]);
    expect(await deliveries(stage, id)).toEqual(['NOTIFICATION_DELIVERED']);
  }
  expect(hook.received.map(({ path }) => path)).toContain('/hook?of=orders');
});

test('an app is notified of a timeout, and of the result that came later', async () => {
  const { stage, hook } = await hooked();
  const id = await stage.submit('never-ends', { notifyUrl: hook.url, graceSeconds: 0, timeoutSeconds: 5 });
  await stage.untilStatus(id, 'PENDING');
  await stage.pass(8_000);
  await stage.untilStatus(id, 'TIMEOUT');
  await untilTold({ stage, hook }, 1);
  const body = JSON.stringify({ status: 'COMPLETED', result: { paid: true } });
  await fetch(await callbackUrlOf(stage, id), { method: 'POST', body });
  await untilTold({ stage, hook }, 2);
  const [timeout, late] = hook.received.map((one) => JSON.parse(one.body));
  expect(timeout).toMatchObject({ type: 'execution.timeout', data: { status: 'TIMEOUT', lateResult: null } });
  expect(late).toMatchObject({
    type: 'execution.late_result',
    data: { status: 'TIMEOUT', lateResult: { status: 'COMPLETED', result: { paid: true } } },
  });
  expect(late.timestamp).toBe(late.data.lateResult.receivedAt);
  expect(new Set(hook.received.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
});

test('a late result waits until the outcome has been delivered', async () => {
  const { stage, hook } = await hooked();
  hook.answer = () => ({ status: 500 });
  const id = await stage.submit('never-ends', { notifyUrl: hook.url, graceSeconds: 0, timeoutSeconds: 5 });
  await stage.untilStatus(id, 'PENDING');
  await stage.pass(8_000);
  await stage.untilStatus(id, 'TIMEOUT');
  await fetch(await callbackUrlOf(stage, id), { method: 'POST', body: '{"status":"COMPLETED"}' });
  await stage.pass(20_000);
  expect(new Set(hook.received.map(({ body }) => JSON.parse(body).type))).toEqual(new Set(['execution.timeout']));
  hook.answer = () => ({ status: 204 });
  await stage.pass(600_000, 10_000);
  await stage.until(() => hook.received.some(({ body }) => JSON.parse(body).type === 'execution.late_result'));
  const types = hook.received.map(({ body }) => JSON.parse(body).type);
  expect(types.filter((type) => type === 'execution.late_result')).toHaveLength(1);
  expect(types.at(-1)).toBe('execution.late_result');
});

test('an app with a default URL is notified there, unless a submission names another', async () => {
  const { stage, hook } = await hooked(({ url }) => ({ NOTIFY_URLS: `shop:${url}` }));
  await stage.submit('callback');
  await stage.submit('callback', { notifyUrl: `${hook.origin}/elsewhere` });
  await untilTold({ stage, hook }, 2);
  expect(hook.received.map(({ path }) => path).sort()).toEqual(['/elsewhere', '/hook']);
});

test('a failed delivery is repeated under the same id, with a new time and signature', async () => {
  const { stage, hook } = await hooked();
  const [secret = ''] = await secretsOf(stage);
  hook.answer = () => ({ status: hook.received.length < 4 ? 500 : 200, body: 'out of order' });
  const id = await stage.submit('callback', { notifyUrl: hook.url });
  await untilTold({ stage, hook }, 1);
  await stage.until(async () => {
    await stage.pass(5_000, 5_000);
    return (await notificationOf(stage, id)).status === 'DELIVERED';
  });
  expect(new Set(hook.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  const times = hook.received.map(({ headers }) => Number(headers['webhook-timestamp']));
  expect(times).toEqual([...times].sort((one, other) => one - other));
  expect(new Set(times).size).toBeGreaterThan(1);
  for (const one of hook.received) expect(verified(one, secret)).toMatchObject({ data: { correlationId: id } });
  const { body } = await stage.request('GET', `/v1/executions/${id}/audit`);
  const failed = body.items.find(({ event }: { event: string }) => event === 'NOTIFICATION_FAILED');
  expect(failed).toMatchObject({ httpStatus: 500, detail: { message: 'answered 500: out of order' } });
});

test('a Retry-After of the endpoint is respected', async () => {
  const { stage, hook } = await hooked();
  hook.answer = () => (hook.received.length < 2 ? { status: 429, headers: { 'retry-after': '100' } } : { status: 204 });
  const id = await stage.submit('callback', { notifyUrl: hook.url });
  await stage.until(async () => (await deliveries(stage, id)).length === 1);
  await stage.pass(99_000, 3_000);
  expect(hook.received).toHaveLength(1);
  await stage.pass(30_000, 1_000);
  await untilNotification(stage, id, 'DELIVERED');
  expect(hook.received).toHaveLength(2);
});

test('a 410 ends the delivery at once', async () => {
  const { stage, hook } = await hooked();
  hook.answer = () => ({ status: 410 });
  const id = await stage.submit('callback', { notifyUrl: hook.url });
  await untilNotification(stage, id, 'DEAD');
  await stage.passHours(2);
  expect(hook.received).toHaveLength(1);
  expect(await deliveries(stage, id)).toEqual(['NOTIFICATION_DEAD']);
});

test('twelve results that an endpoint finds too large delay none of those that follow, and are reported with its reason', async () => {
  const { stage, hook } = await hooked();
  hook.answer = ({ body }) => (body.length > 100_000 ? { status: 413, body: 'over 100 kB' } : { status: 204 });
  const submit = (result: object) => stage.submit({ result }, { notifyUrl: hook.url });
  const large = await Promise.all(Array.from({ length: 12 }, () => submit({ text: 'x'.repeat(150_000) })));
  for (const id of large) await stage.untilStatus(id, 'COMPLETED');
  await untilTold({ stage, hook }, 12);
  const small = await Promise.all(Array.from({ length: 10 }, () => submit({ ok: true })));
  for (const id of small) await untilNotification(stage, id, 'DELIVERED');
  expect(await notificationOf(stage, small[0] ?? '')).toMatchObject({ attempts: 1 });
  for (const id of large) {
    const rejected = await notificationOf(stage, id);
    expect(rejected).toMatchObject({ status: 'PENDING', lastHttpStatus: 413, lastError: 'answered 413: over 100 kB' });
  }
});

test('an app that chose links for large notifications reads their results with its own key', async () => {
  const { stage, hook } = await hooked(() => ({
    NOTIFY_LINK_ABOVE_BYTES: 'shop:10000',
    NOTIFY_LINK_URL: 'https://receiver.example.com/cx/',
  }));
  const [secret = ''] = await secretsOf(stage);
  const id = await stage.submit({ result: { text: 'x'.repeat(150_000) } }, { notifyUrl: hook.url });
  await untilNotification(stage, id, 'DELIVERED');
  const [received] = hook.received as [ReceivedNotification];
  expect(received.body.length).toBeLessThan(1_000);
  const { type, data } = verified(received, secret);
  expect([type, data.link]).toEqual(['execution.completed', `https://receiver.example.com/cx/v1/executions/${id}`]);
  const read = await stage.request('GET', new URL(data.link).pathname.replace('/cx', ''));
  expect(read.body.result.text).toHaveLength(150_000);
  const { link, ...rest } = data;
  expect({ ...read.body, result: null, error: null }).toEqual(rest);
  const foreign = await stage.request('GET', `/v1/executions/${id}`, { key: OTHER_APP_KEY });
  expect(foreign.status).toBe(404);
});

test('the first page states which endpoint fails, why, and when it is tried again', async () => {
  const { stage, hook } = await hooked();
  hook.answer = () => ({ status: 503, body: 'closed for the night' });
  await Promise.all(Array.from({ length: 6 }, () => stage.submit('callback', { notifyUrl: hook.url })));
  const page = async () => (await fetch(`${stage.service().url}/`, { headers: OPERATOR })).text();
  const state = async () =>
    /<td data-name="State">(.*?)<\/td>/.exec(await page())?.[1]?.replace(/<time .*?<\/time>/g, 'TIME') ?? '';
  await stage.until(async () => (await state()).includes('circuit open'));
  expect(await state()).toMatch(
    /^answered 503: closed for the night, circuit open since TIME, (next probe TIME|a probe is due)$/,
  );
});

test('a notification that fails for a day is a dead letter, which the app can send again', async () => {
  const { stage, hook } = await hooked();
  hook.answer = () => ({ status: 503 });
  const id = await stage.submit('callback', { notifyUrl: hook.url });
  await untilTold({ stage, hook }, 1);
  for (let hours = 0; hours < 30; hours += 1) {
    await stage.passHours(1);
    if ((await notificationOf(stage, id)).status === 'DEAD') break;
  }
  const dead = await notificationOf(stage, id);
  expect(dead).toMatchObject({ status: 'DEAD', deliveredAt: null });
  expect(dead.attempts).toBeGreaterThan(5);
  const before = hook.received.length;
  hook.answer = () => ({ status: 200 });
  const replayed = await stage.request('POST', `/v1/notifications/${dead.id}/replay`);
  expect(replayed.status).toBe(202);
  await untilNotification(stage, id, 'DELIVERED');
  expect(hook.received.slice(before).map(({ headers }) => headers['webhook-id'])).toEqual([dead.id]);
  expect((await deliveries(stage, id)).slice(-3)).toEqual([
    'NOTIFICATION_DEAD',
    'NOTIFICATION_REPLAYED',
    'NOTIFICATION_DELIVERED',
  ]);
});

test('during a rotation an app can verify with the old secret and with the new one', async () => {
  const { stage, hook } = await hooked(() => ({ NOTIFY_SECRETS: `shop:${SECRETS[1]}, shop:${SECRETS[0]}` }));
  expect(await secretsOf(stage)).toEqual([SECRETS[1], SECRETS[0]]);
  await stage.submit('callback', { notifyUrl: hook.url });
  await untilTold({ stage, hook }, 1);
  const [received] = hook.received as [ReceivedNotification];
  for (const secret of SECRETS) expect(verified(received, secret)).toMatchObject({ type: 'execution.completed' });
});

test('the secrets of an app are returned to that app alone: not to operators or other apps, and no cache keeps them', async () => {
  const { stage } = await hooked();
  const path = '/v1/notifications/secrets';
  const own = await stage.request('GET', path);
  expect([own.status, own.headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(own.body.secrets).toEqual([expect.stringMatching(/^whsec_[\w+/]{43}=$/)]);
  expect((await stage.request('GET', path, { key: OPERATOR_KEY })).status).toBe(403);
  expect((await stage.request('GET', path, { key: OTHER_APP_KEY })).body.secrets).not.toEqual(own.body.secrets);
  expect(JSON.stringify(stage.log.lines)).not.toContain('whsec_');
});

test('secrets that are derived from CALLBACK_SECRET are rotated with it', async () => {
  const { stage, hook } = await hooked();
  const [old = ''] = await secretsOf(stage);
  const rotated = 'a-newer-secret-for-stories-of-32-characters';
  await stage.restart({ CALLBACK_SECRET: `${rotated},a-secret-for-stories-of-32-characters` });
  const [fresh = '', still] = await secretsOf(stage);
  expect(still).toBe(old);
  await stage.submit('callback', { notifyUrl: hook.url });
  await untilTold({ stage, hook }, 1);
  for (const secret of [fresh, old]) expect(verified(hook.received[0] as ReceivedNotification, secret)).toBeDefined();
});

test('a receiver that is restarted between the outcome and the delivery loses nothing', async () => {
  const { stage, hook } = await hooked();
  hook.answer = () => 'hang';
  const ids = await Promise.all([1, 2, 3].map(() => stage.submit('callback', { notifyUrl: hook.url })));
  await untilTold({ stage, hook }, 3);
  await Promise.all([stage.stop(), stage.pass(12_000)]);
  hook.answer = () => ({ status: 200 });
  await stage.restart();
  await stage.pass(60_000);
  for (const id of ids) await untilNotification(stage, id, 'DELIVERED');
  const idsTold = hook.received.map(({ headers }) => headers['webhook-id']);
  expect(new Set(idsTold).size).toBe(3);
});

test('a dead endpoint with a backlog of a hundred does not delay another app', async () => {
  const { stage, hook } = await hooked();
  hook.answer = ({ path }) => (path === '/dead' ? 'hang' : { status: 204 });
  const dead = Array.from({ length: 100 }, () => stage.submit('callback', { notifyUrl: `${hook.origin}/dead` }));
  const ids = await Promise.all(dead);
  // The simulator accepts a hundred a second.
  await stage.pass(4_000, 1_000);
  for (const id of ids) await stage.untilStatus(id, 'COMPLETED');
  expect(hook.received.length).toBe(4);
  const body = { actionId: 'charge', inputs: { simulate: { fate: 'callback' } }, notifyUrl: `${hook.origin}/well` };
  for (let i = 0; i < 5; i += 1) {
    const before = hook.received.length;
    await stage.request('POST', '/v1/executions', { key: OTHER_APP_KEY, body });
    await stage.until(() => hook.received.slice(before).some(({ path }) => path === '/well'));
  }
});

test('a redirect is not followed', async () => {
  const { stage, hook } = await hooked();
  hook.answer = ({ path }) => (path === '/hook' ? { status: 307, headers: { location: '/inside' } } : { status: 200 });
  const id = await stage.submit('callback', { notifyUrl: hook.url });
  await stage.until(async () => (await deliveries(stage, id)).includes('NOTIFICATION_FAILED'));
  expect(hook.received.every(({ path }) => path === '/hook')).toBe(true);
  expect((await notificationOf(stage, id)).lastError).toMatch(/answered 307, a redirect to \/inside, which is not/);
});

test('a host that resolves to an internal address is not connected to, whatever it resolved to before', async () => {
  const hook = await startWebhookReceiver();
  const { port } = new URL(hook.url);
  const stage = await setStage({}, {}, {}, async () => [{ address: '127.0.0.1', family: 4 }]);
  const id = await stage.submit('callback', { notifyUrl: `https://hooks.example:${port}/` });
  await stage.until(async () => (await deliveries(stage, id)).includes('NOTIFICATION_FAILED'));
  expect((await notificationOf(stage, id)).lastError).toMatch(/may not be called \(loopback\)/);
  expect(hook.connections).toBe(0);
});

test('a notifyUrl that is not allowed is refused at submission, alone and in a batch', async () => {
  const { stage, hook } = await hooked();
  const good = { actionId: 'charge', inputs: {}, notifyUrl: hook.url };
  const bad = { ...good, notifyUrl: 'https://elsewhere.example/hook' };
  const alone = await stage.request('POST', '/v1/executions', { body: bad });
  const detail = `has an origin that is not allowed for this app; allowed is ${hook.origin}`;
  expect([alone.status, alone.body.errors]).toEqual([422, [{ pointer: '#/notifyUrl', detail }]]);
  const batch = await stage.request('POST', '/v1/executions/batch', { body: { executions: [good, bad] } });
  expect(batch.body).toMatchObject({ accepted: 1, refused: 1 });
  expect(batch.body.items[1].problem.errors).toEqual([{ pointer: '#/executions/1/notifyUrl', detail }]);
});

test('without listed origins only public https URLs are accepted', async () => {
  const stage = await setStage();
  for (const [notifyUrl, why] of [
    ['http://hooks.example/', /^must be https/],
    ['https://10.0.0.1/', /\(private\)/],
    ['https://[::ffff:169.254.169.254]/', /\(link-local\)/],
    ['https://localhost/', /\(loopback\)/],
  ] as const) {
    const { status, body } = await stage.request('POST', '/v1/executions', { body: { actionId: 'charge', notifyUrl } });
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ pointer: '#/notifyUrl', detail: expect.stringMatching(why) }]);
  }
});
