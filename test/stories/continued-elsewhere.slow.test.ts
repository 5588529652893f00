// What one receiver of several gave a client is valid at all of them: cursors, keys, secrets, questions and confirmations.

import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test, vi } from 'vitest';
import type { Receiver } from '../../src/receiver.ts';
import { serverUrl } from '../support/postgres/databases.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { callbackUrlOf, OPERATOR_KEY } from './stage.ts';
import { cookieOf, form, page, tokenIn, twoReceivers } from './two-receivers.ts';

const NEW = 'the-new-secret-of-thirty-two-characters';
const OLD = 'the-old-secret-of-thirty-two-characters';
const ROUNDS = 6;

describe.skipIf(serverUrl === null)('several receivers on one PostgreSQL', () => {
  test.for(['/v1/executions', '/v1/notifications', '/v1/activity', '/v1/executions/ID/audit'])(
    'a cursor of %s that one receiver gave continues at a second and at a third one, without a gap or a repeat',
    async (path) => {
      const hook = await startWebhookReceiver();
      const { stage, leader, other } = await twoReceivers({ NOTIFY_ALLOWED_HOSTS: `*:${hook.origin}` });
      const receivers = [leader, other, await stage.beside()] as const;
      const key = OPERATOR_KEY;
      const ids: string[] = [];
      for (let n = 0; n < 7; n += 1) {
        const id = await stage.submit('never-ends', { notifyUrl: hook.url });
        ids.push(id);
        await stage.request('POST', `/v1/executions/${id}/cancel`, { key, at: receivers[n % 3] as Receiver });
      }
      const [first = ''] = ids;
      // Repeats of a callback are entries of their own.
      for (let n = 0; n < 7; n += 1)
        await fetch(await callbackUrlOf(stage, first), { method: 'POST', body: `{"status":"${n}"}` });
      const list = path.replace('ID', first);
      const whole = await stage.request('GET', `${list}?limit=100`, { key });
      expect(whole.body.items.length).toBeGreaterThan(6);
      const seen: unknown[] = [];
      let cursor = '';
      for (let n = 0; n === 0 || cursor !== ''; n += 1) {
        const at = receivers[n % 3] as Receiver;
        const { status, body } = await stage.request('GET', `${list}?limit=2${cursor}`, { key, at });
        expect([status, body.items.length <= 2]).toEqual([200, true]);
        seen.push(...body.items);
        cursor = body.nextCursor === null ? '' : `&cursor=${encodeURIComponent(body.nextCursor)}`;
      }
      expect(seen).toEqual(whole.body.items);
    },
  );

  test('of the same request with one Idempotency-Key at two receivers at the same moment, one is accepted, and the other gets its response', async () => {
    const { stage, leader, other } = await twoReceivers();
    for (let round = 0; round < ROUNDS; round += 1) {
      const headers = { 'idempotency-key': `"order-${round}"` };
      const body = { actionId: 'charge', inputs: { simulate: { fate: 'callback' } } };
      const both = await Promise.all(
        [leader, other].map((at) => stage.request('POST', '/v1/executions', { headers, body, at })),
      );
      expect(both.map(({ status }) => status)).toEqual([202, 202]);
      expect(both[0]?.body).toEqual(both[1]?.body);
      expect(both.filter((one) => one.headers.get('idempotent-replayed') === 'true')).toHaveLength(1);
    }
    expect((await stage.request('GET', '/v1/executions')).body.items).toHaveLength(ROUNDS);
  });

  test('of two requests with one Idempotency-Key or one correlation id at two receivers at the same moment, one is accepted', async () => {
    const { stage, leader, other } = await twoReceivers();
    const send = (headers: Record<string, string>, ids: object) =>
      Promise.all(
        [leader, other].map((at, n) =>
          stage.request('POST', '/v1/executions', { headers, body: { actionId: `charge-${n}`, ...ids }, at }),
        ),
      );
    const statuses = (answers: readonly { status: number }[]) => answers.map(({ status }) => status).toSorted();
    for (let round = 0; round < ROUNDS; round += 1) {
      expect(statuses(await send({ 'idempotency-key': `"order-${round}"` }, {}))).toEqual([202, 422]);
      expect(statuses(await send({}, { correlationId: `order-${round}` }))).toEqual([202, 409]);
    }
    expect((await stage.request('GET', '/v1/executions')).body.items).toHaveLength(2 * ROUNDS);
  });

  test('of one batch at two receivers at the same moment, each item is accepted once and sent once', async () => {
    const { stage, leader, other } = await twoReceivers();
    const executions = Array.from({ length: 20 }, (_, n) => ({
      actionId: 'charge',
      inputs: { n, simulate: { fate: 'callback' } },
    }));
    const headers = { 'idempotency-key': '"end-of-month"' };
    const both = await Promise.all(
      [leader, other].map((at) => stage.request('POST', '/v1/executions/batch', { headers, body: { executions }, at })),
    );
    expect(both.map(({ status, body }) => [status, body.accepted])).toEqual([
      [200, 20],
      [200, 20],
    ]);
    const [one, two] = both.map(({ body }) =>
      body.items.map(({ execution }: { execution: { correlationId: string } }) => execution.correlationId),
    );
    expect(one).toEqual(two);
    for (const id of one) await stage.untilStatus(id, 'COMPLETED');
    expect(stage.simulator.executions().map(({ runs }) => runs)).toEqual(Array(20).fill(1));
  });

  test('while a secret for callback URLs is replaced receiver by receiver, every callback is accepted at every receiver', async () => {
    const { stage, other: first } = await twoReceivers({ CALLBACK_SECRET: OLD });
    /** Returns the status of a callback at this receiver, under a secret that another one may use. */
    async function callBack({ webhookUrl }: Receiver, secret: string): Promise<number> {
      const id = await stage.submit('lost-callback', { graceSeconds: 600 });
      const { pathname } = new URL(await callbackUrlOf(stage, id, secret));
      const init = { method: 'POST', body: '{"status":"COMPLETED"}' };
      return (await fetch(new URL(webhookUrl).origin + pathname, init)).status;
    }
    async function expectAccepted(secrets: readonly string[], receivers: readonly Receiver[]): Promise<void> {
      for (const secret of secrets) for (const one of receivers) expect(await callBack(one, secret)).toBe(200);
    }
    await expectAccepted([OLD], [stage.service(), first]);
    // Every receiver knows the new secret before one signs with it: this one would lose the callback.
    expect(await callBack(first, NEW)).toBe(404);
    const second = await stage.beside({ CALLBACK_SECRET: `${OLD},${NEW}` });
    await expectAccepted([OLD], [first, second]);
    await first.stop();
    const third = await stage.beside({ CALLBACK_SECRET: `${NEW},${OLD}` });
    await expectAccepted([OLD, NEW], [second, third]);
    await second.stop();
    const fourth = await stage.beside({ CALLBACK_SECRET: NEW });
    await expectAccepted([NEW], [third, fourth]);
  });

  test('old and new keys of apps and secrets of callbacks are accepted at every receiver, and no others', async () => {
    const hmac = [OLD, NEW];
    const { stage, leader, other } = await twoReceivers({
      APP_KEYS: 'shop:the-shop-key-0123456789,shop:the-next-key-0123456789',
      ...{ CALLBACK_HMAC_HEADER: 'X-Signature', CALLBACK_HMAC_SECRET: hmac.join() },
    });
    for (const at of [leader, other]) {
      for (const [key, status] of [
        ['the-shop-key-0123456789', 200],
        ['the-next-key-0123456789', 200],
        ['the-last-key-0123456789', 401],
      ] as const) {
        expect((await stage.request('GET', '/v1/executions', { key, at })).status).toBe(status);
      }
      for (const [secret, status] of [...hmac.map((one) => [one, 200] as const), ['another', 404] as const]) {
        const id = await stage.submit('lost-callback', { graceSeconds: 600 });
        const { pathname } = new URL(await callbackUrlOf(stage, id));
        const body = '{"status":"COMPLETED"}';
        const headers = { 'x-signature': createHmac('sha256', secret).update(body).digest('hex') };
        expect((await fetch(new URL(at.webhookUrl).origin + pathname, { method: 'POST', headers, body })).status).toBe(
          status,
        );
      }
    }
  });

  test.for([
    {},
    { NOTIFY_SECRETS: [1, 2].map((byte) => `shop:whsec_${Buffer.alloc(32, byte).toString('base64')}`).join() },
  ])(
    'a notification of the leader is verified with the secrets that an app read at another receiver (%j)',
    async (secretsOf) => {
      const hook = await startWebhookReceiver();
      const { stage, leader, other } = await twoReceivers({ NOTIFY_ALLOWED_HOSTS: `*:${hook.origin}`, ...secretsOf });
      const read = async (at: Receiver) =>
        (await stage.request('GET', '/v1/notifications/secrets', { at })).body.secrets;
      const secrets = await read(other);
      expect(secrets).toEqual(await read(leader));
      await stage.submit('callback', { notifyUrl: hook.url });
      await stage.until(() => hook.received.length === 1);
      const [{ body, headers } = { body: '', headers: {} as Record<string, string> }] = hook.received;
      vi.useFakeTimers({ toFake: ['Date'], now: Number(headers['webhook-timestamp']) * 1000 });
      try {
        for (const secret of secrets) expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
      } finally {
        vi.useRealTimers();
      }
    },
  );

  test('hidden values that any receiver shows are noted, also by one that does not lead, and the note is shown at every receiver', async () => {
    const { stage, leader, other, operator } = await twoReceivers({ SENSITIVE_FIELDS: 'cardNumber' });
    const hidden = await stage.request('POST', '/v1/executions', {
      body: { actionId: 'charge', inputs: { cardNumber: '4111111111111111' } },
    });
    const path = `/console/executions/${hidden.body.correlationId}`;
    const cookie = await cookieOf(leader);
    for (const [asked, shown] of [
      [leader, other],
      [other, leader],
    ] as const) {
      const question = await (await page(asked, path, cookie)).text();
      expect(question).not.toContain('4111111111111111');
      const answer = await form(shown, `${path}/reveal`, cookie, { token: tokenIn(question) });
      expect([answer.status, (await answer.text()).includes('4111111111111111')]).toEqual([200, true]);
    }
    for (const at of [leader, other]) {
      const { items } = (await stage.request('GET', '/v1/activity?action=reveal', { ...operator, at })).body;
      expect(items).toMatchObject(
        Array(2).fill({ action: 'reveal', by: 'operator:alice', target: hidden.body.correlationId }),
      );
    }
  });

  test('an erasure that was counted at one receiver is confirmed at the other, unless another number matches by then', async () => {
    const { stage, other, operator } = await twoReceivers();
    const ended = async () => {
      const id = await stage.submit('never-ends');
      await stage.request('POST', `/v1/executions/${id}/cancel`);
      return id;
    };
    for (let n = 0; n < 3; n += 1) await ended();
    const order = { status: 'CANCELLED', reason: 'ticket 4711' };
    const erase = (more: object, at?: Receiver) =>
      stage.request('POST', '/v1/executions/erase', { ...operator, body: { ...order, ...more }, ...(at && { at }) });
    const { matched } = (await erase({})).body;
    expect(matched).toBe(3);
    await ended();
    expect((await erase({ confirm: matched }, other)).status).toBe(409);
    expect((await erase({ confirm: 4 }, other)).body).toMatchObject({ matched: 4, erased: 4 });
  });
});
