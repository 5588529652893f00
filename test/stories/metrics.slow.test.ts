// Metrics of the whole service, as Prometheus scrapes them: all that alerts and dashboard need, and a bounded number of series.

import { METHODS, request } from 'node:http';
import { expect, test } from 'vitest';
import { type Exposition, readExposition } from '../support/exposition.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { callbackUrlOf, OPERATOR_KEY, type Stage, setStage } from './stage.ts';

async function scrape(stage: Stage): Promise<Exposition> {
  const headers = { authorization: `Bearer ${OPERATOR_KEY}` };
  return readExposition(await (await fetch(`${stage.service().url}/metrics`, { headers })).text());
}

/** The value of one series, its labels written as they are scraped. */
const of = ({ values }: Exposition, series: string) => values.get(`cxone_receiver_${series}`);

test('outcomes are counted by their channel, with the time until they were noticed', async () => {
  const stage = await setStage();
  const called = await stage.submit('callback');
  await stage.untilStatus(called, 'COMPLETED');
  const lost = await stage.submit('lost-callback', { graceSeconds: 30 });
  await stage.untilStatus(lost, 'PENDING');
  await stage.pass(40_000);
  await stage.untilStatus(lost, 'COMPLETED');
  const metrics = await scrape(stage);
  expect(of(metrics, 'detections_total{way="callback"}')).toBe(1);
  expect(of(metrics, 'detections_total{way="poll"}')).toBe(1);
  expect(of(metrics, 'detections_total{way="timeout"}')).toBe(0);
  expect(of(metrics, 'missed_callback_ratio')).toBe(0.5);
  expect(of(metrics, 'detection_lag_seconds_count{resolved_by="callback"}')).toBe(1);
  expect(of(metrics, 'detection_lag_seconds_count{resolved_by="poll"}')).toBe(1);
  // CXone was last known to run it when it accepted the submission: slightly more than 30 s before the poll.
  expect(of(metrics, 'unnoticed_seconds_count')).toBe(1);
  expect(of(metrics, 'unnoticed_seconds_bucket{le="10"}')).toBe(0);
  expect(of(metrics, 'unnoticed_seconds_bucket{le="60"}')).toBe(1);
  expect(of(metrics, 'upstream_request_duration_seconds_count{kind="execute",answer="2xx"}')).toBe(2);
  expect(of(metrics, 'upstream_request_duration_seconds_count{kind="poll",answer="2xx"}')).toBeGreaterThan(0);

  // A late callback for a result that a poll had found.
  const url = await callbackUrlOf(stage, lost);
  const { result, error } = await stage.get(lost);
  await stage.pass(7_000);
  await fetch(url, { method: 'POST', body: JSON.stringify({ status: 'COMPLETED', result, error }) });
  const later = await scrape(stage);
  expect(of(later, 'callback_behind_poll_seconds_count')).toBe(1);
  expect(of(later, 'callback_behind_poll_seconds_bucket{le="5"}')).toBe(0);
  await stage.pass(3_600_000, 600_000);
  expect(of(await scrape(stage), 'missed_callback_ratio')).toBeNaN();
});

test('waiting executions are reported with their age, by app, and with the requests that CXone allows', async () => {
  const stage = await setStage();
  await stage.until(async () => of(await scrape(stage), 'upstream_concurrency_limit') === 100);
  const open = await stage.submit('lost-callback', { graceSeconds: 600 });
  await stage.untilStatus(open, 'PENDING');
  await stage.pass(20_000);
  stage.simulator.outage({ answer: 503, ms: 600_000 });
  await stage.submit('callback');
  await stage.pass(40_000);
  const metrics = await scrape(stage);
  expect(of(metrics, 'oldest_queued_age_seconds')).toBe(40);
  expect(of(metrics, 'oldest_pending_age_seconds')).toBe(60);
  expect(of(metrics, 'queued_executions{app="shop"}')).toBe(1);
  expect(of(metrics, 'queued_executions{app="other"}')).toBe(0);
  expect(of(metrics, 'queue_capacity')).toBe(10_000);
  expect(of(metrics, 'open_executions{status="QUEUED"}')).toBe(1);
  expect(of(metrics, 'open_executions{status="PENDING"}')).toBe(1);
  for (const loop of ['dispatch', 'poll', 'expire', 'notify'])
    expect(of(metrics, `loop_alive{loop="${loop}"}`)).toBe(1);
  expect(of(metrics, 'database_size_bytes')).toBeGreaterThan(0);
  expect(of(metrics, 'wal_size_bytes')).toBeGreaterThan(0);
  expect(of(metrics, 'disk_free_bytes')).toBeGreaterThan(0);
});

test('a pause that CXone asks for is counted', async () => {
  const stage = await setStage();
  const simulate = { submits: [{ answer: 429, retryAfterSeconds: 7 }, { answer: 200 }] };
  await stage.submit(simulate);
  await stage.until(async () => (of(await scrape(stage), 'upstream_pause_seconds') ?? 0) > 0);
  expect(of(await scrape(stage), 'upstream_pauses_total')).toBe(1);
});

test('failing notifications are reported: attempts, pending ones, open circuits and dead letters', async () => {
  const hooks = await startWebhookReceiver();
  hooks.answer = () => ({ status: 500 });
  const stage = await setStage({ NOTIFY_URLS: `shop:${hooks.url}`, NOTIFY_ALLOWED_HOSTS: `shop:${hooks.origin}` });
  await Promise.all(Array.from({ length: 6 }, () => stage.submit('callback')));
  await stage.pass(30_000);
  const metrics = await scrape(stage);
  expect(of(metrics, 'notification_attempts_total{outcome="failed"}')).toBeGreaterThan(4);
  expect(of(metrics, 'notification_attempts_total{outcome="delivered"}')).toBe(0);
  expect(of(metrics, 'notifications_pending')).toBe(6);
  expect(of(metrics, 'notification_circuits_open')).toBe(1);
  hooks.answer = () => ({ status: 410 });
  await stage.pass(400_000, 5_000);
  const later = await scrape(stage);
  expect(of(later, 'notifications_dead')).toBeGreaterThan(0);
  expect(of(later, 'notification_circuits_open')).toBe(0);
});

/** Sends any method, which fetch does not. */
function send(url: string, method: string, path: string, headers: Record<string, string> = {}): Promise<void> {
  return new Promise((resolve) => {
    const sending = request(`${url}${path}`, { method, headers: { connection: 'close', ...headers } }, (response) => {
      response.resume().on('close', resolve);
    });
    sending.on('connect', (_, socket) => resolve(void socket.destroy()));
    sending.on('error', () => resolve());
    sending.end();
  });
}

test('a thousand unknown paths, methods, names and ids add no series', async () => {
  const stage = await setStage();
  const { url } = stage.service();
  const methods = METHODS.filter((method) => method !== 'CONNECT');
  const attack = async (from: number, until: number) => {
    for (let i = from; i < until; i += 1) {
      const odd = encodeURI(`${i}-%${(i % 90) + 10}"{}`);
      const paths = [`/${odd}`, `/v1/${odd}/x`, `/v1/executions/${odd}`, `/webhook/cxone-execution/${odd}`];
      const key = i % 3 === 0 ? OPERATOR_KEY : `wrong-${i}`;
      await send(url, methods[i % methods.length] ?? 'GET', paths[i % paths.length] ?? '/', {
        authorization: `Bearer ${key}`,
        'x-request-id': `id-${i}`,
      });
    }
  };
  const submit = async (name: string) => {
    const body = { actionId: `action-${name}`, inputs: { simulate: 'callback' }, correlationId: `order-${name}` };
    await stage.request('POST', '/v1/executions', { body });
    await stage.untilStatus(`order-${name}`, 'COMPLETED');
  };
  const series = async () =>
    [...(await scrape(stage)).values.keys()].filter((name) => !/^(nodejs|process)_/.test(name)).toSorted();

  // Each existing method, path and status once.
  await attack(0, 3 * 4 * methods.length);
  await submit('first');
  await scrape(stage);
  const before = await series();
  await attack(1000, 2000);
  for (let i = 0; i < 20; i += 1) await submit(String(i));
  expect(await series()).toEqual(before);
  expect(before.join('\n')).not.toMatch(/order-|action-|wrong-|id-\d|PROPFIND/);
  expect(before.join('\n')).toContain('http_request_method="_OTHER",http_route="unmatched"');
});
