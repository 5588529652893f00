// The log of the whole service: it contains no secret at any level, is quiet in normal operation, and identifies each request.

import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { secretsIn } from '../../src/config/secrets.ts';
import { systemWorld } from '../../src/lib/world.ts';
import { createJsonLog } from '../../src/observability/log-output.ts';
import { type Receiver, startReceiver } from '../../src/receiver.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import { fatal } from '../support/fatal.ts';
import { type Running, run } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type Received, sendJson, startUpstream, type Upstream } from '../support/upstream.ts';

const MARK = 'MARKED';
const marked = (what: string) => `${MARK}-${what}-0123456789-0123456789`;
const KEY = 'the-shop-key-0123456789';

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly requestId?: string;
  readonly correlationId?: string;
  readonly event?: string;
  readonly more?: number;
}

describe('no secret is logged', () => {
  const NOTIFY_SECRET = `whsec_${Buffer.from(marked('notify')).toString('base64')}`;

  /** A CXone that repeats the request and the client's credentials in each response. */
  function startEcho(): Promise<Upstream> {
    let tokens = 0;
    return startUpstream((request, response) => {
      const echo = { error: marked('said'), you: request.headers, sent: request.body };
      if (request.url.includes('/oauth/')) {
        tokens += 1;
        // The text of CXone about the client is for operators, without the secret.
        if (tokens === 1) return sendJson(response, 400, { ...echo, error: 'invalid_client' });
        return sendJson(response, 200, { access_token: marked('token'), expires_in: 3600, echo });
      }
      if (request.method === 'GET') return sendJson(response, request.url.includes('/poll-fails/') ? 500 : 404, echo);
      const status = Number(/answer-(\d+)/.exec(request.url)?.[1] ?? 200);
      return sendJson(response, status, { executionId: `cx-${tokens}`, status: 'RUNNING', ...echo });
    });
  }

  function variables(upstream: Upstream, hooks: Upstream): Record<string, string> {
    return {
      CXONE_BASE_URL: upstream.url,
      CXONE_CLIENT_ID: 'client',
      CXONE_CLIENT_SECRET: marked('client'),
      PUBLIC_URL: 'http://127.0.0.1:1',
      PORT: '0',
      CALLBACK_SECRET: marked('callback'),
      CALLBACK_HEADER_NAME: 'x-api-key',
      CALLBACK_HEADER_VALUE: marked('header'),
      APP_KEYS: `shop:${marked('app')}`,
      OPERATOR_KEYS: `alice:${marked('operator')}`,
      NOTIFY_SECRETS: `shop:${NOTIFY_SECRET}`,
      NOTIFY_URLS: `shop:${hooks.url}/hook?token=${marked('url')}`,
      NOTIFY_ALLOWED_HOSTS: `shop:${hooks.url}`,
      DATABASE_PATH: join(temporaryFolder(), 'receiver.db'),
      GRACE_SECONDS: '0',
      POLL_INTERVAL_SECONDS: '0.1',
      LOG_LEVEL: 'trace',
    };
  }

  const callbackOf = ({ body }: Received): string => new URL(JSON.parse(body).context.callbackUrl).pathname;

  async function misuse(url: string, upstream: Upstream): Promise<string[]> {
    const key = { authorization: `Bearer ${marked('app')}` };
    const post = (path: string, body: unknown, headers: Record<string, string> = key) =>
      fetch(url + path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
    const asJson = { ...key, 'content-type': 'application/json' };
    const submit = (actionId: string, more: object = {}) =>
      post('/v1/executions', { actionId, inputs: { card: marked('input') }, ...more }, { ...asJson, prefer: 'wait=1' });
    const actions = ['answer-200', 'answer-400', 'answer-500', 'answer-429', 'poll-fails'];
    await Promise.all(actions.map((actionId) => submit(actionId, { context: { note: marked('context') } })));
    await post('/v1/executions', `{"inputs":{"card":"${marked('broken')}"`, asJson);
    await post('/v1/executions', { actionId: 'x', inputs: marked('shape') }, asJson);
    await post('/v1/executions/batch', { executions: [{ actionId: marked('much '), inputs: 1 }] }, asJson);
    for (const wrong of [`Bearer ${marked('wrong')}`, `Basic ${btoa(`alice:${marked('wrong')}`)}`]) {
      await fetch(`${url}/v1/executions?actionId=${marked('query')}`, { headers: { authorization: wrong } });
    }
    const sent = upstream.received.filter(({ url: path }) => path.endsWith('/execute')).map(callbackOf);
    for (const path of sent) {
      const say = (body: unknown, headers: Record<string, string> = { 'x-api-key': marked('header') }) =>
        post(path, body, headers);
      await say(`{"status":"COMPLETED","result":"${marked('garbled')}`);
      await say({ status: 'COMPLETED', result: marked('no-header') }, {});
      await say({ status: 'RUNNING', result: marked('progress') });
      await say({ status: 'COMPLETED', executionId: marked('mismatch'), result: marked('result') });
      await say({ status: 'FAILED', error: marked('error') });
      await say({ status: 'COMPLETED', result: marked('conflict') });
      await post(`${path.slice(0, -2)}xx`, marked('forged'), { 'x-api-key': marked('header') });
      await fetch(`${url}/v1${path}`);
    }
    return sent.map((path) => path.split('/').at(-1) ?? '');
  }

  test('keys, secrets, tokens, callback URLs, inputs and results appear in no line, even at trace', async () => {
    const upstream = await startEcho();
    const hooks = await startUpstream(({ headers, body }, response) => sendJson(response, 500, { headers, body }));
    const receiver: Running = run(['start'], variables(upstream, hooks));
    const { url } = JSON.parse(await receiver.line((line) => line.includes('"listening"')));
    const tokens = await misuse(url, upstream);
    expect(tokens.length).toBeGreaterThan(3);
    await receiver.line((line) => line.includes('NOTIFICATION_FAILED'));
    receiver.child.kill('SIGTERM');
    const { code, stdout, stderr } = await receiver.finished;
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    const messages = new Set(lines.map((line) => (JSON.parse(line) as Line).msg));
    for (const message of [
      'answered',
      'callbacks refused',
      'keys refused',
      'CALLBACK_UNREADABLE',
      'POLL_ERROR',
      'FAILED',
    ]) {
      expect([...messages]).toContain(message);
    }
    for (const secret of [
      MARK,
      'whsec_',
      NOTIFY_SECRET.slice(6),
      ...tokens,
      ...tokens.map((token) => token.slice(-43)),
    ]) {
      const leaking = lines.filter((line) => line.includes(secret));
      expect(leaking).toEqual([]);
      expect(stderr).not.toContain(secret);
    }
    // No secret came far enough to need redaction.
    expect(lines.filter((line) => line.includes('[redacted]'))).toEqual([]);
  });
});

/** The service in this process, with the real clock and the log of the program. */
async function start(level: string, env: Record<string, string> = {}): Promise<{ service: Receiver; lines: Line[] }> {
  const simulator = createSimulator({ latencyMs: 0, jitterMs: 0, runMs: 0, runJitterMs: 0, requestsPerSecond: 0 });
  const { url } = await simulator.listen();
  const config = readConfig({
    CXONE_BASE_URL: url,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: 'http://127.0.0.1',
    PORT: '0',
    CALLBACK_SECRET: 'a-secret-for-stories-of-32-characters',
    APP_KEYS: `shop:${KEY}`,
    DATABASE_PATH: join(temporaryFolder(), 'receiver.db'),
    RATE_LIMIT_PER_SECOND: '10000',
    MAX_CONCURRENT: '100',
    ...env,
  });
  const lines: Line[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const log = createJsonLog(level, secretsIn(config), { write });
  const service = await startReceiver({ config, world: systemWorld, log, fatal, publicUrlFromListener: true });
  onTestFinished(async () => {
    await service.stop();
    await simulator.close();
  });
  return { service, lines };
}

function call(
  { url }: Receiver,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

describe('the log at info', () => {
  test('has no line for each of a thousand executions that succeed', async () => {
    const { service, lines } = await start('info');
    const executions = Array.from({ length: 1000 }, (_, i) => ({
      actionId: 'charge',
      correlationId: `order-${i}`,
      inputs: { simulate: 'callback' },
      graceSeconds: 60,
    }));
    expect(await (await call(service, '/v1/executions/batch', { executions })).json()).toMatchObject({
      accepted: 1000,
    });
    for (const last of ['order-0', 'order-500', 'order-999']) {
      const headers = { authorization: `Bearer ${KEY}`, prefer: 'wait=50' };
      await fetch(`${service.url}/v1/executions/${last}`, { headers });
    }
    while (Object.values(await service.store.openCounts()).some((open) => open > 0)) await new Promise(setImmediate);
    await service.stop();
    // The head of the audit trail, every half minute and at the end.
    const [atStart, ...others] = lines.filter(({ msg }) => msg !== 'audit head');
    expect(atStart).toMatchObject({ profile: 'cxone', msg: expect.stringContaining('not verified against a tenant') });
    expect(others).toEqual([]);
    expect(lines.length).toBeLessThan(6);
  });

  test('has the first of many equal messages, and then the number of the others', async () => {
    const { service, lines } = await start('info', { CXONE_BASE_URL: 'http://127.0.0.1:1' });
    const executions = Array.from({ length: 100 }, (_, i) => ({ actionId: 'charge', correlationId: `order-${i}` }));
    await call(service, '/v1/executions/batch', { executions });
    await Promise.all(executions.map(({ correlationId }) => call(service, `/v1/executions/${correlationId}/cancel`)));
    await service.stop();
    const cancelled = lines.filter(({ event }) => event === 'CANCELLED');
    const sums = cancelled.filter(({ more }) => more !== undefined);
    expect(cancelled.length - sums.length + sums.reduce((sum, { more = 0 }) => sum + more, 0)).toBe(100);
    expect(sums.length).toBeGreaterThan(0);
    expect(cancelled.length).toBeLessThan(50);
  });
});

describe('a request', () => {
  test('is named by its sender, in its response and in every line about it, although commits are shared', async () => {
    const { service, lines } = await start('debug');
    const ids = Array.from({ length: 40 }, (_, i) => `shop-request-${i}`);
    await Promise.all(
      ids.map(async (id, i) => {
        const body = { actionId: 'charge', correlationId: `order-${i}`, inputs: { simulate: 'callback' } };
        const answer = await call(service, '/v1/executions', body, { 'x-request-id': id, prefer: 'wait=20' });
        expect(answer.headers.get('x-request-id')).toBe(id);
      }),
    );
    await service.stop();
    for (const [i, id] of ids.entries()) {
      const own = lines.filter(({ requestId }) => requestId === id);
      expect(own.map(({ msg, correlationId }) => [msg, correlationId])).toEqual([
        ['ACCEPTED', `order-${i}`],
        ['answered', `order-${i}`],
      ]);
      // The report of CXone came in a request of its own; work of the service itself has none.
      const story = lines.filter(({ correlationId }) => correlationId === `order-${i}`);
      const [resolved] = story.filter(({ event }) => event === 'CALLBACK_COMPLETED');
      expect(resolved?.requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(story.filter(({ requestId }) => requestId === resolved?.requestId)).toHaveLength(2);
      for (const event of ['DISPATCHED', 'SUBMITTED']) {
        expect(story.find((line) => line.event === event)).not.toHaveProperty('requestId');
      }
    }
  });

  test.each(['', 'two words', 'x'.repeat(129), '"quoted"', '{"json":1}', 'café'])(
    'with the id %j gets an id that can be logged',
    async (name) => {
      const { service } = await start('silent');
      const answer = await fetch(`${service.url}/nowhere`, { headers: { 'x-request-id': name } });
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([
        404,
        expect.stringMatching(/^[0-9a-f-]{36}$/),
      ]);
    },
  );
});
