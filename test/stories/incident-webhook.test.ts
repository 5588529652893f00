// The operators' own webhook learns of each incident: when it begins, is acknowledged and ends, through failures and a restart.

import { Webhook } from 'standardwebhooks';
import { expect, test, vi } from 'vitest';
import { type ReceivedNotification, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { OPERATOR_KEY, type Stage, setStage } from './stage.ts';

const SECRETS = [1, 2].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);

const operator = { key: OPERATOR_KEY };

async function paged(env: Record<string, string> = {}) {
  const hook = await startWebhookReceiver();
  const webhook = { INCIDENT_WEBHOOK_URL: `${hook.url}?key=of-a-pager`, INCIDENT_WEBHOOK_SECRET: SECRETS.join(',') };
  return { hook, stage: await setStage({ ...webhook, ...env }) };
}

/** Verifies as a pager does, with the public library, at the time of the attempt: the library reads the system clock. */
function verified({ body, headers }: ReceivedNotification, secret: string) {
  vi.useFakeTimers({ toFake: ['Date'], now: Number(headers['webhook-timestamp']) * 1000 });
  try {
    // biome-ignore lint/suspicious/noExplicitAny: the body of an event, asserted on member by member
    return new Webhook(secret).verify(body, headers) as any;
  } finally {
    vi.useRealTimers();
  }
}

const types = ({ received }: WebhookReceiver) => received.map(({ body }) => JSON.parse(body).type);

/** CXone answers 503 for 38 s, so that four executions wait. */
async function outage(stage: Stage): Promise<void> {
  stage.simulator.outage({ answer: 503, ms: 38_000, calls: ['execute'] });
  for (let one = 0; one < 4; one += 1) await stage.submit('callback');
}

async function openIncident(stage: Stage) {
  const { body } = await stage.request('GET', '/v1/incidents?state=open', operator);
  return body.items[0];
}

test('the webhook gets the beginning, the acknowledgement and the end of an incident, each once and signed', async () => {
  const { stage, hook } = await paged();
  await outage(stage);
  await stage.pass(15_000);
  await stage.until(() => hook.received.length >= 1);
  const incident = await openIncident(stage);
  await stage.request('POST', `/v1/incidents/${incident.id}/acknowledge`, operator);
  await stage.pass(5_000);
  await stage.until(() => hook.received.length >= 2);
  await stage.pass(200_000, 1_000);
  await stage.until(() => hook.received.length >= 3);
  await stage.pass(60_000, 5_000);

  expect(types(hook)).toEqual(['incident.opened', 'incident.acknowledged', 'incident.ended']);
  for (const [index, one] of hook.received.entries()) {
    // A pager with either secret accepts it, while secrets are rotated.
    const [event] = SECRETS.map((secret) => verified(one, secret));
    expect(event.data).toMatchObject({ id: incident.id, cause: 'CxoneFails', severity: 'critical', apps: ['shop'] });
    expect(event.data.state).toBe(['open', 'acknowledged', 'ended'][index]);
    expect(one.path).toBe('/hook?key=of-a-pager');
  }
  expect(new Set(hook.received.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
  expect(JSON.stringify(stage.log.lines)).not.toContain('of-a-pager');
});

test('an event that is not accepted is sent again under the same id, also after a restart, and before later events', async () => {
  const { stage, hook } = await paged();
  hook.answer = () => ({ status: 503 });
  await outage(stage);
  await stage.pass(15_000);
  await stage.until(() => hook.received.length >= 1);
  const { id } = await openIncident(stage);
  await stage.request('POST', `/v1/incidents/${id}/acknowledge`, operator);
  await stage.pass(30_000, 1_000);
  expect(new Set(types(hook))).toEqual(new Set(['incident.opened']));
  const waiting = await stage.request('GET', '/v1/incidents', operator);
  expect(waiting.body.items[0]).toMatchObject({ state: 'acknowledged' });

  await stage.restart();
  hook.answer = () => ({ status: 204 });
  const before = hook.received.length;
  await stage.pass(300_000, 1_000);
  await stage.until(() => hook.received.length >= before + 3);
  expect(types(hook).slice(before)).toEqual(['incident.opened', 'incident.acknowledged', 'incident.ended']);
  const opened = hook.received.filter(({ body }) => JSON.parse(body).type === 'incident.opened');
  expect(new Set(opened.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('a webhook that accepts nothing is an incident of its own, which ends when it accepts events', async () => {
  const { stage, hook } = await paged();
  hook.answer = () => ({ status: 403, body: 'who are you?' });
  await outage(stage);
  await stage.pass(90_000, 1_000);
  const causes = async () => (await stage.request('GET', '/v1/incidents', operator)).body.items;
  expect(await causes()).toContainEqual(
    expect.objectContaining({
      cause: 'IncidentWebhookDown',
      problem: 'The webhook for incidents accepts no events: answered 403: who are you?',
      state: 'open',
    }),
  );
  hook.answer = () => ({ status: 204 });
  await stage.pass(600_000, 5_000);
  const ended = (await causes()).find(({ cause }: { cause: string }) => cause === 'IncidentWebhookDown');
  expect(ended).toMatchObject({ state: 'ended' });
});
