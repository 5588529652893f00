// A host moves: requests follow discovery, and no execution ends because of the old host.

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { loadProfile } from '../../../src/cxone/profile/profile.ts';
import { anExecution } from '../../support/executions.ts';
import { type Answer, DEAD_URL, sendJson, startRaw, startUpstream } from '../../support/upstream.ts';
import { aPolled, CALLBACK_URL, startClient } from '../harness.ts';

const OPENID = '/.well-known/openid-configuration';
const TENANT = '/.well-known/cxone-configuration';
const ACCEPTED = { executionId: 'e-1', status: 'ACCEPTED' };

const api: Answer = ({ method }, response) =>
  sendJson(response, 200, method === 'POST' ? ACCEPTED : { status: 'COMPLETED' });

/** An issuer whose documents are fresh for two seconds; the test sets the endpoints that they name. */
async function startIssuer(first: { api: string; token?: string }) {
  const names = { token: '', ...first, up: true };
  const headers = { 'cache-control': 'max-age=2' };
  const issuer = await startUpstream(({ url, headers: { host } }, response) => {
    if (!names.up && url.startsWith('/.well-known')) return sendJson(response, 500, { message: 'out of order' });
    if (url.startsWith(OPENID)) {
      return sendJson(response, 200, { token_endpoint: names.token || `http://${host}/token` }, headers);
    }
    if (url.startsWith(TENANT)) return sendJson(response, 200, { api_endpoint: names.api }, headers);
    sendJson(response, 200, { access_token: 't1', expires_in: 3600 });
  });
  const client = startClient('', {
    profile: loadProfile('cxone-discovery-client-credentials'),
    baseUrl: null,
    issuer: issuer.url,
    tenantId: 'tenant',
  });
  return { issuer, names, ...client };
}

const status =
  (code: number): Answer =>
  (_, response) =>
    sendJson(response, code, { message: 'nothing here' }, { location: 'https://cxone.example/' });

const MOVED = /discovery now names http/;

describe('the old host responds', () => {
  test.each([404, 410, 421])('%i: a submission is not rejected, and goes to the new host', async (code) => {
    const [old, current] = [await startUpstream(status(code)), await startUpstream(api)];
    const { cxone, names } = await startIssuer({ api: old.url });
    await cxone.authorize();
    names.api = current.url;
    const submission = anExecution();
    const first = await cxone.execute(submission, CALLBACK_URL);
    expect(first).toMatchObject({ type: 'unsent', message: expect.stringMatching(MOVED) });
    expect(await cxone.execute(submission, CALLBACK_URL)).toMatchObject({ type: 'submitted' });
    expect([old.received.length, current.received.length]).toEqual([1, 1]);
  });

  test.each([404, 410, 421, 301, 308, 502, 504])(
    '%i: a poll does not count, and goes to the new host',
    async (code) => {
      const [old, current] = [await startUpstream(status(code)), await startUpstream(api)];
      const { cxone, names } = await startIssuer({ api: old.url });
      await cxone.authorize();
      names.api = current.url;
      const first = await cxone.poll(aPolled('e-1'));
      expect(first).toMatchObject({ type: 'failed', asked: false, message: expect.stringMatching(MOVED) });
      expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'polled', report: { kind: 'completed' } });
    },
  );

  test.each([301, 308, 500, 502, 504])('%i: a submission that it may have received is not sent again', async (code) => {
    const [old, current] = [await startUpstream(status(code)), await startUpstream(api)];
    const { cxone, names } = await startIssuer({ api: old.url });
    await cxone.authorize();
    names.api = current.url;
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'uncertain', httpStatus: code });
    expect(current.received).toHaveLength(0);
  });
});

test('a submission whose connection breaks is uncertain, and only later requests go to the new host', async () => {
  const [old, current] = [
    await startRaw((socket) => socket.once('data', () => socket.resetAndDestroy())),
    await startUpstream(api),
  ];
  const { cxone, names } = await startIssuer({ api: old.url });
  await cxone.authorize();
  names.api = current.url;
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
    type: 'uncertain',
    message: expect.stringMatching(MOVED),
  });
  expect(current.received).toHaveLength(0);
  expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'polled' });
});

test('an old host that refuses connections: the next request goes to the new one, which the log reports once', async () => {
  const [old, current] = [DEAD_URL, await startUpstream(api)];
  const { cxone, names, log } = await startIssuer({ api: old });
  await cxone.authorize();
  names.api = current.url;
  const first = await Promise.all([
    cxone.execute(anExecution({ correlationId: 'a' }), CALLBACK_URL),
    cxone.poll(aPolled('e-1')),
  ]);
  expect(first).toMatchObject([
    { type: 'unsent', message: expect.stringMatching(MOVED) },
    { type: 'failed', asked: false },
  ]);
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted' });
  expect(log.lines.filter(({ message }) => message.includes('has moved'))).toMatchObject([
    { level: 'warn', facts: { url: current.url, before: old } },
  ]);
});

test('an old host that still works is left when its document expires', async () => {
  const [old, current] = [await startUpstream(api), await startUpstream(api)];
  const { cxone, names, world } = await startIssuer({ api: old.url });
  await cxone.authorize();
  names.api = current.url;
  await world.advance(1_999);
  await cxone.poll(aPolled('e-1'));
  await world.advance(1);
  await cxone.poll(aPolled('e-1'));
  expect([old.received.length, current.received.length]).toEqual([1, 1]);
});

describe('a host that has not moved', () => {
  test('rejects an unknown action, and many of them cause one discovery request a second', async () => {
    const old = await startUpstream(status(404));
    const { cxone, issuer, world } = await startIssuer({ api: old.url });
    await cxone.authorize();
    const before = issuer.to(TENANT).length;
    for (const correlationId of ['a', 'b', 'c', 'd']) {
      expect(await cxone.execute(anExecution({ correlationId }), CALLBACK_URL)).toMatchObject({ type: 'refused' });
    }
    expect(issuer.to(TENANT).length - before).toBe(1);
    await world.advance(1_000);
    await cxone.execute(anExecution(), CALLBACK_URL);
    expect(issuer.to(TENANT).length - before).toBe(2);
  });

  test('rejects nothing with 404 while discovery does not respond', async () => {
    const old = await startUpstream(status(404));
    const { cxone, names } = await startIssuer({ api: old.url });
    await cxone.authorize();
    names.up = false;
    const message = expect.stringMatching(/404.*discovery does not respond: .*out of order/);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'unsent', isolated: true, message });
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: false, message });
  });
});

test.each(['refuses connections', 'responds 404'])('a token endpoint that moved and %s is found again', async (how) => {
  const [current, gone] = [await startUpstream(api), await startUpstream(status(404))];
  const old = how === 'responds 404' ? `${gone.url}/token` : `${DEAD_URL}/token`;
  const { cxone, issuer, names, world } = await startIssuer({ api: current.url, token: old });
  await expect(cxone.authorize()).rejects.toThrow();
  names.token = `${issuer.url}/token`;
  await world.advance(1_000);
  await cxone.authorize();
  expect(issuer.to('/token')).toHaveLength(1);
});

/** A host that responds to polls on connections that it keeps open, and counts them; tokens come from another host. */
async function startKeptAlive(head: string) {
  const body = '{"status":"RUNNING"}';
  const host = await startRaw((socket) => {
    socket.on('data', () => socket.write(`HTTP/1.1 ${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
  });
  const issuer = await startUpstream((_, response) => sendJson(response, 200, { access_token: 't', expires_in: 3600 }));
  const { cxone, world } = startClient(host.url, { tokenUrl: `${issuer.url}/token` });
  async function poll(): Promise<void> {
    await cxone.poll(aPolled('e-1'));
    // A connection is free for the next request a moment after the response was read.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { poll, world, connections: () => host.sockets.length };
}

describe('without discovery', () => {
  test('a connection is not reused after three minutes', async () => {
    const { poll, connections } = await startKeptAlive('200 OK\r\nKeep-Alive: timeout=600');
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    for (let i = 0; i < 3; i++) await poll();
    expect(connections()).toBe(1);
    vi.setSystemTime(Date.now() + 180_001);
    await poll();
    expect(connections()).toBe(2);
  });

  test.each(['404 Not Found', '502 Bad Gateway'])('a poll that follows a %s has a new connection', async (head) => {
    const { poll, connections, world } = await startKeptAlive(head);
    for (let i = 0; i < 3; i++) await poll();
    expect(connections()).toBe(1);
    await world.advance(5_000);
    await poll();
    expect(connections()).toBe(2);
  });

  test('connections that no response makes suspect are kept', async () => {
    const { poll, connections, world } = await startKeptAlive('200 OK');
    await poll();
    await world.advance(5_000);
    await poll();
    expect(connections()).toBe(1);
  });
});
