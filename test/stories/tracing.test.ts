// Tracing across the whole service: an app's trace continues at CXone, and its spans are connected at the collector.

import { expect, test } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { type CollectedSpan, startCollector } from '../support/collector.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { callbackUrlOf, type Stage, setStage } from './stage.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const TRACED = { traceparent: TRACEPARENT, tracestate: 'vendor=1' };
const LOST = { actionId: 'charge', graceSeconds: 0, inputs: { simulate: 'lost-callback' } };

const SERVER = 2;
const CLIENT = 3;

async function submit(stage: Stage, body: object, headers: Record<string, string> = TRACED): Promise<string> {
  const answer = await stage.request('POST', '/v1/executions', { body, headers });
  expect(answer.status).toBe(202);
  return answer.body.correlationId;
}

/** Runs an execution whose callback is lost, until a poll finds its result. */
async function untilPolled(stage: Stage, headers?: Record<string, string>): Promise<string> {
  const id = await submit(stage, LOST, headers);
  await stage.untilStatus(id, 'PENDING');
  await stage.pass(5_000);
  await stage.untilStatus(id, 'COMPLETED');
  return id;
}

function named(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const found = spans.filter((span) => span.name === name);
  expect(found.map(({ name: each }) => each)).toEqual([name]);
  return found[0] as CollectedSpan;
}

const contextOf = ({ traceId, spanId }: CollectedSpan) => `00-${traceId}-${spanId}-01`;

test('without an exporter the trace of an app reaches CXone unchanged, with submissions and with polls', async () => {
  const stage = await setStage();
  const id = await untilPolled(stage);
  const { posts = [], polls = [] } = stage.simulator.execution(id) ?? {};
  expect(posts).toMatchObject([TRACED]);
  expect(polls).toMatchObject([TRACED]);
});

test('an invalid trace context is ignored, and the submission is accepted', async () => {
  const stage = await setStage();
  const zeros = { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, tracestate: 'vendor=1' };
  const id = await submit(stage, LOST, zeros);
  await stage.untilStatus(id, 'PENDING');
  const [post] = stage.simulator.execution(id)?.posts ?? [];
  expect(post?.answer).toBe(200);
  expect(post).not.toHaveProperty('traceparent');
  expect(post).not.toHaveProperty('tracestate');
});

test('a trace survives a restart because it is stored with the execution', async () => {
  const stage = await setStage();
  stage.simulator.outage({ answer: 503, ms: 1_000 });
  const id = await submit(stage, LOST);
  await stage.restart();
  await stage.pass(20_000);
  await stage.untilStatus(id, 'COMPLETED');
  expect(stage.simulator.execution(id)?.posts.at(-1)).toMatchObject(TRACED);
});

test("a submission is a child of the app's span, its dispatch a child of the submission, and CXone receives the dispatch as parent", async () => {
  const collector = await startCollector();
  const stage = await setStage({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const id = await untilPolled(stage);
  await stage.stop();

  const submission = named(collector.spans, 'POST /v1/executions');
  expect(submission).toMatchObject({
    kind: SERVER,
    traceId: TRACE,
    parentSpanId: 'b7ad6b7169203331',
    traceState: 'vendor=1',
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/v1/executions',
      'http.response.status_code': 202,
      'cxone.app': 'shop',
      'cxone.correlation_id': id,
    },
    status: { code: 0 },
  });

  const { posts = [], polls = [], executionIds = [] } = stage.simulator.execution(id) ?? {};
  const dispatch = named(collector.spans, 'execute');
  expect(dispatch).toMatchObject({
    kind: CLIENT,
    traceId: TRACE,
    parentSpanId: submission.spanId,
    status: { code: 0 },
  });
  expect(dispatch.attributes).toEqual({
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'cxone.correlation_id': id,
    'cxone.action_id': 'charge',
    'cxone.app': 'shop',
    'cxone.execution_id': executionIds[0],
    'cxone.attempt': 1,
    'cxone.outcome': 'submitted',
  });
  expect(posts).toMatchObject([{ traceparent: contextOf(dispatch), tracestate: 'vendor=1' }]);

  const poll = named(collector.spans, 'poll');
  expect(poll).toMatchObject({ kind: CLIENT, links: [{ traceId: TRACE, spanId: submission.spanId }] });
  expect(poll.parentSpanId).toBeUndefined();
  expect(poll.attributes).toMatchObject({ 'cxone.correlation_id': id, 'cxone.outcome': 'polled', 'cxone.attempt': 1 });
  expect(polls).toMatchObject([{ traceparent: contextOf(poll) }]);
  expect(polls[0]).not.toHaveProperty('tracestate');
});

test('a callback links to the submission, as part of the trace that came with it', async () => {
  const collector = await startCollector();
  const stage = await setStage({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const id = await submit(stage, { actionId: 'charge', graceSeconds: 60, inputs: { simulate: 'lost-callback' } });
  await stage.untilStatus(id, 'PENDING');
  const url = await callbackUrlOf(stage, id);
  const call = (headers: Record<string, string> = {}) =>
    fetch(url, { method: 'POST', body: JSON.stringify({ status: 'COMPLETED', result: 'a private result' }), headers });
  expect((await call()).status).toBe(200);
  const parent = '00-1234567890123456789012345678901f-1234567890123456-01';
  expect((await call({ traceparent: parent })).status).toBe(200);
  await stage.stop();

  const submission = named(collector.spans, 'POST /v1/executions');
  const callbacks = collector.spans.filter(({ name }) => name === 'POST /webhook/cxone-execution/{token}');
  const links = [{ traceId: TRACE, spanId: submission.spanId }];
  expect(callbacks).toMatchObject([
    { kind: SERVER, links, attributes: { 'cxone.outcome': 'resolved', 'http.response.status_code': 200 } },
    {
      kind: SERVER,
      links,
      traceId: '1234567890123456789012345678901f',
      parentSpanId: '1234567890123456',
      attributes: { 'cxone.outcome': 'duplicate', 'cxone.correlation_id': id },
    },
  ]);
  expect(callbacks[0]?.parentSpanId).toBeUndefined();
  expect(callbacks[0]?.traceId).not.toBe(TRACE);
  // The token in the URL is as sensitive as the result; neither may reach the collector.
  for (const secret of ['a private result', url.slice(url.lastIndexOf('/') + 1)]) {
    expect(collector.bodies.join()).not.toContain(secret);
  }
});

test('spans contain no inputs, no keys and no text of CXone', async () => {
  const collector = await startCollector();
  const stage = await setStage({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const simulate = { submits: [{ answer: 400 }] };
  const id = await submit(stage, { actionId: 'charge', inputs: { simulate, card: 'a-private-number' }, context: {} });
  await stage.untilStatus(id, 'REJECTED');
  const { error } = await stage.get(id);
  await stage.stop();
  const exported = collector.bodies.join();
  expect(exported).toContain(id);
  for (const secret of ['a-private-number', error.message, 'the-shop-key', 'simulator-secret', 'webhook']) {
    expect(exported).not.toContain(secret);
  }
});

test('a failure is an error, and each attempt has a span of its own', async () => {
  const collector = await startCollector();
  const stage = await setStage({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const id = await submit(stage, {
    actionId: 'charge',
    inputs: { simulate: { submits: [{ answer: 503 }, { answer: 200 }] } },
  });
  await stage.until(() => stage.simulator.execution(id)?.posts[0]?.answer === 503);
  await stage.pass(20_000);
  await stage.untilStatus(id, 'COMPLETED');
  await stage.stop();
  const submission = named(collector.spans, 'POST /v1/executions');
  const attempts = collector.spans.filter(({ name }) => name === 'execute');
  expect(attempts).toMatchObject([
    {
      parentSpanId: submission.spanId,
      status: { code: 2, message: 'unsent' },
      attributes: { 'cxone.attempt': 1, 'http.response.status_code': 503, 'error.type': '503' },
    },
    { parentSpanId: submission.spanId, status: { code: 0 }, attributes: { 'cxone.attempt': 2 } },
  ]);
});

test('a notification carries the trace of its execution, and each attempt has a span of its own', async () => {
  const [collector, app] = [await startCollector(), await startWebhookReceiver()];
  app.answer = () => ({ status: app.received.length === 1 ? 500 : 204, body: 'a private answer' });
  const allowed = { NOTIFY_ALLOWED_HOSTS: `shop:${app.origin}` };
  const stage = await setStage({ ...allowed, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const id = await submit(stage, { actionId: 'charge', inputs: { simulate: 'callback' }, notifyUrl: app.url });
  await stage.untilStatus(id, 'COMPLETED');
  await stage.until(() => app.received.length === 1);
  await stage.pass(20_000);
  await stage.until(() => app.received.length === 2);
  await stage.stop();
  const submission = named(collector.spans, 'POST /v1/executions');
  const attempts = collector.spans.filter(({ name }) => name === 'notify');
  const shared = { kind: CLIENT, traceId: TRACE, parentSpanId: submission.spanId };
  expect(attempts).toMatchObject([
    { ...shared, status: { code: 2 }, attributes: { 'cxone.outcome': 'failed', 'cxone.attempt': 1 } },
    { ...shared, status: { code: 0 }, attributes: { 'cxone.outcome': 'delivered', 'cxone.attempt': 2 } },
  ]);
  expect(app.received.map(({ headers }) => headers['traceparent'])).toEqual(attempts.map(contextOf));
  expect(app.received.map(({ headers }) => headers['tracestate'])).toEqual(['vendor=1', 'vendor=1']);
  for (const secret of ['a private answer', app.url]) expect(collector.bodies.join()).not.toContain(secret);
});

test("a notification carries the app's trace unchanged when there is no exporter", async () => {
  const app = await startWebhookReceiver();
  const stage = await setStage({ NOTIFY_ALLOWED_HOSTS: `shop:${app.origin}` });
  const id = await submit(stage, { actionId: 'charge', inputs: { simulate: 'callback' }, notifyUrl: app.url });
  await stage.untilStatus(id, 'COMPLETED');
  await stage.until(() => app.received.length === 1);
  expect(app.received[0]?.headers).toMatchObject(TRACED);
});

test('a batch is one span, whose children are the dispatches of its items', async () => {
  const collector = await startCollector();
  const stage = await setStage({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const executions = [1, 2, 3].map((n) => ({ ...LOST, correlationId: `batch-${n}` }));
  const answer = await stage.request('POST', '/v1/executions/batch', { body: { executions }, headers: TRACED });
  expect(answer.body).toMatchObject({ accepted: 3 });
  for (const { correlationId } of executions) await stage.untilStatus(correlationId, 'PENDING');
  await stage.stop();
  const batch = named(collector.spans, 'POST /v1/executions/batch');
  expect(batch).toMatchObject({ kind: SERVER, traceId: TRACE, parentSpanId: 'b7ad6b7169203331' });
  const dispatches = collector.spans.filter(({ name }) => name === 'execute');
  expect(dispatches.map(({ parentSpanId }) => parentSpanId)).toEqual([batch.spanId, batch.spanId, batch.spanId]);
});

test('an execution that its app did not sample is not exported, nor are its polls, and CXone receives the same flag', async () => {
  const collector = await startCollector();
  const stage = await setStage({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const id = await untilPolled(stage, { traceparent: `00-${TRACE}-b7ad6b7169203331-00` });
  const { posts = [], polls = [] } = stage.simulator.execution(id) ?? {};
  await stage.stop();
  expect(collector.requests).toEqual([]);
  for (const { traceparent } of [...posts, ...polls]) {
    expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  }
});

test('with sampling off nothing is exported', async () => {
  const collector = await startCollector();
  const off = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER: 'always_off' };
  const stage = await setStage(off);
  await untilPolled(stage);
  await stage.stop();
  expect(collector.requests).toEqual([]);
});

test('a missing collector does not affect apps, and delays the stop by three seconds at most', async () => {
  const dead = `http://127.0.0.1:${await freePort()}`;
  const stage = await setStage({ OTEL_EXPORTER_OTLP_ENDPOINT: dead });
  const id = await untilPolled(stage);
  expect(await stage.get(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll' });
  const { store } = stage.service();
  let stopped = false;
  const stopping = stage.stop().then(() => {
    stopped = true;
  });
  // The store is closed before the last spans are sent: only the collector is waited for.
  const isClosed = () =>
    store.ping(stage.world.now()).then(
      () => false,
      () => true,
    );
  await stage.until(isClosed);
  await stage.pass(2_900, 100);
  expect(stopped).toBe(false);
  await stage.pass(300, 100);
  expect(stopped).toBe(true);
  await stopping;
  expect(stage.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
