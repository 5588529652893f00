// CXone quotes a callback URL wherever it can: nothing that is stored, shown, streamed or logged contains the token.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startCollector } from '../support/collector.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type Answer, startUpstream } from '../support/upstream.ts';
import { callbackUrlOf, OPERATOR_KEY, type Stage, setStage } from './stage.ts';

const WINDOW = { graceSeconds: 0, timeoutSeconds: 120 };

/** What CXone responds to a submission and to a poll; `url` is the callback URL of the execution. */
interface Script {
  readonly execute?: (url: string) => readonly [status: number, body: unknown, headers?: Record<string, string>];
  readonly poll?: (url: string) => readonly [status: number, body: unknown];
}

async function setQuotingStage({ execute, poll }: Script, env: Record<string, string> = {}) {
  let url = '';
  const answer: Answer = ({ method, url: path, body }, response) => {
    const send = (status: number, document: unknown, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof document === 'string' ? document : JSON.stringify(document));
    };
    if (path.includes('/oauth/token')) return send(200, { access_token: 'an-access-token', expires_in: 3600 });
    if (method === 'POST') url = JSON.parse(body).context.callbackUrl;
    const [status, document, headers] =
      method === 'POST'
        ? (execute?.(url) ?? [202, { executionId: 'cx-1', status: 'RUNNING' }])
        : (poll?.(url) ?? [200, { status: 'RUNNING' }]);
    send(status, document, headers);
  };
  const upstream = await startUpstream(answer);
  const stage = await setStage({ CXONE_BASE_URL: upstream.url, ...env });
  const id = await stage.submit({}, WINDOW);
  await stage.until(() => url !== '');
  return {
    stage,
    id,
    token: () => url.slice(url.lastIndexOf('/') + 1),
    url: () => url,
    polls: () => upstream.to('/api/v2/dx/actions').length,
  };
}

/** Every place where data of the execution can be read. */
async function everythingShown(stage: Stage, id: string): Promise<string> {
  const paths = ['', '/audit'].map((path) => `/v1/executions/${id}${path}`);
  const pages = [
    '/',
    `/console/executions/${id}`,
    '/console',
    '/console/callbacks',
    '/metrics',
    '/v1/executions',
    '/v1/notifications',
  ];
  const shown: string[] = [];
  for (const path of [...paths, ...pages]) {
    const response = await fetch(`${stage.service().url}${path}`, {
      headers: { authorization: `Bearer ${OPERATOR_KEY}` },
    });
    shown.push(await response.text());
  }
  return [...shown, await stage.stored(), JSON.stringify(stage.log.lines)].join('\n');
}

const percent = (text: string) => [...text].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join('');
const escaped = (text: string) =>
  [...text].map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

async function expectNoToken(stage: Stage, id: string, token: string): Promise<void> {
  expect(token).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
  const text = await everythingShown(stage, id);
  const signature = token.slice(23);
  const forms = [signature, percent(signature), escaped(signature), escaped(signature).replaceAll('\\', '\\\\')];
  for (const form of forms) expect(text.includes(form), form).toBe(false);
  const entries = (await stage.request('GET', `/v1/executions/${id}/audit`, { key: OPERATOR_KEY })).body.items;
  expect(JSON.stringify(entries)).toContain('"callbackTokenReplaced":true');
}

const POLLS: Readonly<Record<string, (url: string) => readonly [number, unknown]>> = {
  'an error': (url) => [500, { message: `callback to ${url} failed` }],
  'an error as text, cut within the URL': (url) => [500, `${'x'.repeat(420)} ${url}`],
  'a page': (url) => [502, `<html><title>no route to ${encodeURIComponent(url)}</title></html>`],
  'an unexpected 200': (url) => [200, { message: url }],
  'a status word': (url) => [200, { status: url.slice(url.lastIndexOf('/') + 1) }],
  'a progress word beside a result': (url) => [200, { status: 'RUNNING', executionId: url, result: url }],
  'a 404': (url) => [404, { error: url }],
  'another executionId': (url) => [200, { status: 'COMPLETED', executionId: url.slice(-66), result: 1 }],
};

test.each(Object.entries(POLLS))('a poll that quotes the URL in %s shows it nowhere', async (_, poll) => {
  const { stage, id, token, polls } = await setQuotingStage({ poll });
  await stage.pass(4_000);
  await stage.until(() => polls() > 1);
  await stage.until(async () => (await stage.events(id)).some((event) => event.startsWith('POLL_')));
  await expectNoToken(stage, id, token());
});

const RESULTS: Readonly<Record<string, (url: string) => unknown>> = {
  whole: (url) => ({ calls: url }),
  'token alone, as a member name': (url) => ({ [url.slice(-66)]: 1, [percent(url.slice(-66))]: 2 }),
  'percent-encoded': (url) => [`next=${encodeURIComponent(url)}`, percent(url)],
  'JSON in a string': (url) => JSON.stringify({ deep: JSON.stringify({ url }) }).replaceAll('.', '\\u002e'),
};

test.each(Object.entries(RESULTS))(
  'a result that quotes the URL (%s) is stored with the token replaced',
  async (_, result) => {
    const { stage, id, token, url } = await setQuotingStage({});
    await stage.untilStatus(id, 'PENDING');
    const say = async (body: unknown) => {
      const text = JSON.stringify(body);
      const response = await fetch(await callbackUrlOf(stage, id), { method: 'POST', body: text });
      return ((await response.json()) as { outcome: string }).outcome;
    };
    const body = { status: 'FAILED', executionId: 'cx-1', result: result(url()), error: { url: url() }, extra: url() };
    expect(await say(body)).toBe('resolved');
    expect(JSON.stringify(await stage.get(id))).toContain('[callback-token]');
    // The same result is the same after the replacement, and another one is not.
    expect(await say(body)).toBe('duplicate');
    expect(await say({ ...body, result: 'other' })).toBe('conflict');
    await expectNoToken(stage, id, token());
  },
);

const references = (text: string) => text.replaceAll(/[._-]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const FORMS: Readonly<Record<string, (url: string) => string>> = {
  'as it is': (url) => `error=no+route+to+${url}`,
  'with XML references': (url) => `error=no+route+to+${references(url)}`,
  'with XML references and a value behind them': (url) => `error=no+route+to+${references(url)}?a=1&more=2`,
  'with a reference to each character': (url) => `error=${[...url].map((sign) => `&#${sign.charCodeAt(0)};`).join('')}`,
  'as the name of a field': (url) => `${url.slice(-66)}=1&${references(url.slice(-66))}=2`,
};

test.each(Object.entries(FORMS))('a form that quotes the URL %s stores no part of the token', async (_, fields) => {
  const { stage, id, token, url } = await setQuotingStage({});
  await stage.untilStatus(id, 'PENDING');
  const response = await fetch(await callbackUrlOf(stage, id), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `status=FAILED&executionId=cx-1&${fields(url())}`,
  });
  expect(await response.json()).toEqual({ outcome: 'resolved' });
  await expectNoToken(stage, id, token());
  const text = await everythingShown(stage, id);
  const parts = token()
    .slice(23)
    .split(/[_-]/)
    .filter(({ length }) => length > 6);
  for (const part of parts) expect(text.includes(part), part).toBe(false);
});

test('a form with the URL as its executionId gives the execution none', async () => {
  const { stage, id, token, url } = await setQuotingStage({ execute: () => [202, { status: 'RUNNING' }] });
  await stage.untilStatus(id, 'PENDING');
  const response = await fetch(await callbackUrlOf(stage, id), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `status=RUNNING&executionId=${url()}`,
  });
  expect(await response.json()).toEqual({ outcome: 'progress' });
  await expectNoToken(stage, id, token());
  const text = await everythingShown(stage, id);
  expect(text).toContain('its executionId quotes the callback URL');
  expect(text).not.toMatch(/"executionId":"[^"]*callback-token/);
});

const SUBMITS: Readonly<Record<string, NonNullable<Script['execute']>>> = {
  'a rejection': (url) => [400, { error: { details: `bad ${url}` } }],
  'an id': (url) => [202, { executionId: url, status: 'RUNNING' }],
  'a status word': (url) => [202, { executionId: 'cx-1', status: url }],
  'an outcome': (url) => [200, { executionId: 'cx-1', status: 'COMPLETED', result: { url }, more: { url } }],
  'an error after sending': (url) => [500, `failed: ${percent(url)}`],
};

test.each(Object.entries(SUBMITS))(
  'a submit response that quotes the URL in %s shows it nowhere',
  async (_, execute) => {
    const { stage, id, token } = await setQuotingStage({ execute });
    await stage.until(async () => (await stage.events(id)).length > 2);
    await expectNoToken(stage, id, token());
  },
);

test('an endpoint that quotes the URL in its errors shows it nowhere, also when deliveries pause', async () => {
  let quote = '';
  const hook = await startUpstream((_, response) => response.writeHead(500).end(quote));
  const { stage, id, url, token } = await setQuotingStage({}, { NOTIFY_ALLOWED_HOSTS: `shop:${hook.url}` });
  await stage.untilStatus(id, 'PENDING');
  // Later submissions have URLs of their own.
  const signature = token().slice(23);
  quote = `failed: ${url()} ${percent(url())}`;
  const notifyUrl = `${hook.url}/hook`;
  const ids = await Promise.all(Array.from({ length: 10 }, () => stage.submit({}, { notifyUrl })));
  for (const one of ids) {
    await stage.until(async () => (await stage.events(one)).includes('SUBMITTED'));
    await fetch(await callbackUrlOf(stage, one), { method: 'POST', body: '{"status":"COMPLETED"}' });
  }
  await stage.pass(5_000);
  await stage.until(() => stage.log.lines.some(({ facts }) => 'retryInMs' in facts));
  const shown = await everythingShown(stage, id);
  expect(shown).toContain('[callback-token]');
  for (const form of [signature, percent(signature)]) expect(shown.includes(form), form).toBe(false);
});

test('an unreadable callback is kept without the token, in bytes of any encoding', async () => {
  const { stage, id, token, url } = await setQuotingStage({});
  await stage.untilStatus(id, 'PENDING');
  for (const body of [
    Buffer.from(`?? ${url()}`),
    Buffer.from(`\ufeff?? ${url()}`, 'utf16le'),
    Buffer.from(`{"a":"${escaped(url())}`),
  ]) {
    const response = await fetch(url(), { method: 'POST', body });
    expect(response.status).toBe(202);
  }
  await expectNoToken(stage, id, token());
  const text = await everythingShown(stage, id);
  expect(text).not.toContain([...token()].join('\0'));
});

test('a recording of exchanges has no token either', async () => {
  const folder = temporaryFolder();
  const { stage, id, token } = await setQuotingStage(
    { poll: (url) => [500, { message: `${url} ${percent(url)}`, status: escaped(url) }] },
    { CXONE_RECORD_DIR: folder },
  );
  await stage.pass(4_000);
  await stage.until(async () => (await stage.events(id)).includes('POLL_ERROR'));
  await stage.stop();
  const recorded = readdirSync(folder)
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
    .join('');
  expect(recorded).toContain('/execute');
  for (const form of [token().slice(23), percent(token().slice(23))]) expect(recorded).not.toContain(form);
});

test('neither a recording nor a trace has the token of an executionId that contains it', async () => {
  const folder = temporaryFolder();
  const collector = await startCollector();
  const { stage, id, token } = await setQuotingStage(
    { execute: (url) => [202, { executionId: `x-${url.slice(-66)}-y`, status: 'RUNNING' }] },
    { CXONE_RECORD_DIR: folder, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
  );
  await stage.untilStatus(id, 'PENDING');
  await stage.stop();
  const recorded = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
  for (const text of [recorded.join(''), collector.bodies.join('')]) {
    expect(text).toContain('x-[callback-token]-y');
    expect(text).not.toContain(token().slice(23));
  }
});
