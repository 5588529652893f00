// `doctor` sends the operators' webhook a signed event, and reports whether it is accepted.

import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { checkIncidentWebhook } from '../../../src/cli/doctor/incident-webhook.ts';
import { readConfig } from '../../../src/config/config.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { startWebhookReceiver } from '../../support/webhook-receiver.ts';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

function configured(url?: string) {
  const webhook = url === undefined ? {} : { INCIDENT_WEBHOOK_URL: url, INCIDENT_WEBHOOK_SECRET: SECRET };
  return readConfig({
    CXONE_BASE_URL: 'http://127.0.0.1:1',
    CXONE_CLIENT_ID: 'id',
    CXONE_CLIENT_SECRET: 'secret',
    PUBLIC_URL: 'http://127.0.0.1',
    CALLBACK_SECRET: 'a-secret-for-doctor-of-32-characters',
    APP_KEYS: 'shop:the-shop-key-0123456789',
    ...webhook,
  });
}

test('a webhook that accepts the test event is well, and the event is signed and of its own type', async () => {
  const hook = await startWebhookReceiver();
  const checks = await checkIncidentWebhook(configured(`${hook.url}?key=of-a-pager`), systemWorld);
  expect(checks).toMatchObject([{ name: 'incident webhook', level: 'ok' }]);
  const [received] = hook.received;
  if (received === undefined) throw new Error('the webhook received nothing');
  expect(new Webhook(SECRET).verify(received.body, received.headers)).toMatchObject({
    type: 'incident.test',
    data: {},
  });
});

test('a webhook that does not accept it fails, with the response and the remedy, and without its key', async () => {
  const hook = await startWebhookReceiver();
  hook.answer = () => ({ status: 401, body: 'who are you?' });
  const [check] = await checkIncidentWebhook(configured(`${hook.url}?key=of-a-pager`), systemWorld);
  expect(check).toMatchObject({ level: 'fail', message: expect.stringContaining('answered 401: who are you?') });
  expect(check?.advice).toContain('INCIDENT_WEBHOOK_SECRET');
  expect(JSON.stringify(check)).not.toContain('of-a-pager');
});

test('without a webhook there is nothing to check', async () => {
  expect(await checkIncidentWebhook(configured(), systemWorld)).toEqual([]);
});
