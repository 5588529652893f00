// The responses and notifications of the whole service, with a real database, agree with the OpenAPI document.

import { expect, test } from 'vitest';
import type { Parameter } from '../../src/http/openapi/model.ts';
import { openApiDocument } from '../../src/http/operations.ts';
import { NOTIFICATION_TYPES } from '../../src/notification/notification.ts';
import { createConformance, resolve } from '../http/openapi/conformance.ts';
import { type ReceivedNotification, startWebhookReceiver } from '../support/webhook-receiver.ts';
import { callbackUrlOf, OPERATOR_KEY, type Stage, setStage } from './stage.ts';

const DOCUMENT = openApiDocument();
const TRACED = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'vendor=value' };

test('an execution of each outcome is notified, returned and listed as documented', async () => {
  const hook = await startWebhookReceiver();
  const stage = await setStage({ NOTIFY_ALLOWED_HOSTS: `*:${hook.origin}` });
  const ids = await everyEnding(stage, hook.url);
  await stage.until(() => hook.received.length === NOTIFICATION_TYPES.length);

  const conformance = createConformance(DOCUMENT);
  for (const notification of hook.received) checkNotification(notification, conformance.mustFit);
  const types = hook.received.map(({ body }) => JSON.parse(body).type);
  expect(types.sort()).toEqual([...NOTIFICATION_TYPES].sort());

  const held = async (operationId: string, path: string) => {
    const { status, headers, body } = await stage.request('GET', path, { key: OPERATOR_KEY });
    expect(status).toBe(200);
    conformance.check(operationId, { status, headers, text: JSON.stringify(body) });
    return body;
  };
  for (const id of ids) {
    await held('getExecution', `/v1/executions/${id}`);
    await held('getAuditTrail', `/v1/executions/${id}/audit`);
  }
  expect((await held('listExecutions', '/v1/executions')).items).toHaveLength(ids.length);
  const { items } = await held('listNotifications', '/v1/notifications');
  expect(items).toHaveLength(NOTIFICATION_TYPES.length);
  for (const { id } of items) await held('getNotification', `/v1/notifications/${id}`);
  await held('isReady', '/readyz');
});

test('an error response is as documented', async () => {
  const hook = await startWebhookReceiver();
  hook.answer = () => ({ status: 500 });
  const stage = await setStage({ NOTIFY_ALLOWED_HOSTS: `*:${hook.origin}` });
  await stage.submit('callback', { notifyUrl: hook.url });
  const failed = async () => (await stage.request('GET', '/v1/notifications')).body.items[0]?.lastHttpStatus === 500;
  await stage.until(failed);
  const { status, headers, body } = await stage.request('GET', '/v1/notifications');
  createConformance(DOCUMENT).check('listNotifications', { status, headers, text: JSON.stringify(body) });
});

/** Submits an execution for each outcome, one of which gets a late result; returns their ids. */
async function everyEnding(stage: Stage, notifyUrl: string): Promise<string[]> {
  const submit = async (fate: Parameters<Stage['submit']>[0], more: object = {}) => {
    const simulate = typeof fate === 'string' ? { fate } : fate;
    const body = { actionId: 'charge', inputs: { simulate }, notifyUrl, ...more };
    return (await stage.request('POST', '/v1/executions', { body, headers: TRACED })).body.correlationId;
  };
  const hasty = { graceSeconds: 0, timeoutSeconds: 5 };
  const ids = {
    COMPLETED: await submit('callback'),
    FAILED: await submit('callback-failed'),
    REJECTED: await submit('refused-400'),
    NOT_FOUND: await submit('poll-gone', hasty),
    TIMEOUT: await submit('never-ends', hasty),
    CANCELLED: await submit('never-ends', { graceSeconds: 600 }),
  };
  await stage.untilStatus(ids.CANCELLED, 'PENDING');
  await stage.request('POST', `/v1/executions/${ids.CANCELLED}/cancel`);
  await stage.pass(8_000);
  for (const [status, id] of Object.entries(ids)) await stage.untilStatus(id, status);
  await fetch(await callbackUrlOf(stage, ids.TIMEOUT), { method: 'POST', body: '{"status":"COMPLETED"}' });
  return Object.values(ids);
}

function checkNotification(
  { method, headers, body }: ReceivedNotification,
  mustFit: (schema: unknown, value: unknown, what: string) => void,
) {
  const message = JSON.parse(body);
  const webhook = DOCUMENT.webhooks[message.type]?.post;
  const parameters = (webhook?.parameters ?? []).map((one) => resolve<Parameter>(DOCUMENT, one));
  expect(method).toBe('POST');
  expect(headers['content-type']).toBe('application/json');
  mustFit(webhook?.requestBody?.content['application/json']?.schema, message, message.type);
  for (const { name, schema } of parameters) mustFit(schema, headers[name], `${message.type} ${name}`);
  const ofOurs = Object.keys(headers).filter((name) => /^(webhook|trace)/.test(name));
  expect(ofOurs.sort()).toEqual(parameters.map(({ name }) => name).sort());
}
