// Requests to CXone through a proxy, and the failures of a proxy, after which nothing was sent.

import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NO_PROXIES, type ProxyRules, parseProxy } from '../../src/lib/proxy/proxy.ts';
import { certificateFor } from '../support/certificate.ts';
import { anExecution } from '../support/executions.ts';
import { startProxy } from '../support/proxy.ts';
import { DEAD_URL, sendJson, startUpstream } from '../support/upstream.ts';
import { aPolled, CALLBACK_URL, startClient } from './harness.ts';

function through(url: string): ProxyRules {
  const proxy = parseProxy('CXONE_PROXY', url);
  if (typeof proxy === 'string') throw new Error(proxy);
  return { ...NO_PROXIES, https: proxy, http: proxy };
}

const REPLY = { access_token: 't1', expires_in: 3600, executionId: 'e-1', status: 'COMPLETED' };

const withCredentials = (url: string, credentials: string) => url.replace('://', `://${credentials}@`);

test('plain http: the proxy gets the absolute URL, CXone its own host name, and the credentials stay at the proxy', async () => {
  const tenant = await startUpstream((_, response) => sendJson(response, 200, REPLY));
  const { port } = new URL(tenant.url);
  const proxy = await startProxy({ credentials: 'user:p:w@rd', port: Number(port) });
  const { cxone } = startClient('http://cxone.invalid:8090', {
    proxies: through(withCredentials(proxy.url, 'user:p%3Aw%40rd')),
  });
  expect(await cxone.execute(anExecution({ actionId: 'a' }), CALLBACK_URL)).toMatchObject({ type: 'submitted' });
  expect(await cxone.poll(aPolled('e-1', 'a'))).toMatchObject({ type: 'polled' });
  expect(proxy.requests).toEqual([
    'POST http://cxone.invalid:8090/api/v2/oauth/token',
    'POST http://cxone.invalid:8090/api/v2/dx/actions/a/execute',
    'GET http://cxone.invalid:8090/api/v2/dx/actions/a/executions/e-1',
  ]);
  expect(tenant.received.map(({ headers }) => headers.host)).toEqual(Array(3).fill('cxone.invalid:8090'));
  expect(tenant.received.some(({ headers }) => 'proxy-authorization' in headers)).toBe(false);
});

test('https: a tunnel to the host name, in which TLS is with CXone', async () => {
  const { cert, key } = await certificateFor(['cxone.invalid']);
  const server = createServer({ cert, key }, (_, response) => sendJson(response, 200, REPLY));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const trusted = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  onTestFinished(() => {
    if (trusted === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = trusted;
  });
  const proxy = await startProxy({ credentials: 'user:secret', port: (server.address() as AddressInfo).port });
  const { cxone } = startClient('https://cxone.invalid', {
    proxies: through(withCredentials(proxy.url, 'user:secret')),
  });
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted' });
  expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'polled' });
  // The token request and the poll share one tunnel; a submission has its own.
  expect(proxy.requests).toEqual(Array(2).fill('CONNECT cxone.invalid:443'));
});

/** A receiver that has its token from another host, directly; all other requests take the proxy. */
async function behind(proxyUrl: string, baseUrl: string) {
  const issuer = await startUpstream((_, response) => sendJson(response, 200, REPLY));
  const exceptions = [{ kind: 'host', host: 'localhost', port: null }] as const;
  const tokenUrl = `${issuer.url.replace('127.0.0.1', 'localhost')}/token`;
  return startClient(baseUrl, { tokenUrl, proxies: { ...through(proxyUrl), exceptions } });
}

describe('a proxy that rejects requests', () => {
  test.each([
    [407, /requires credentials \(407\); set them in CXONE_PROXY/],
    [403, /rejected the tunnel to cxone.invalid:443 with 403/],
    [502, /rejected the tunnel to cxone.invalid:443 with 502/],
  ])('a tunnel with %i: certainly not sent', async (rejectWith, message) => {
    const proxy = await startProxy({ rejectWith });
    const { cxone } = await behind(withCredentials(proxy.url, 'user:p4ssw0rd'), 'https://cxone.invalid');
    const submitted = await cxone.execute(anExecution(), CALLBACK_URL);
    expect(submitted).toMatchObject({ type: 'unsent', httpStatus: 0, message: expect.stringMatching(message) });
    expect(JSON.stringify(submitted)).not.toMatch(/p4ssw0rd/);
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: false });
  });

  test('a plain request with 407: certainly not sent', async () => {
    const proxy = await startProxy({ credentials: 'user:secret' });
    const { cxone } = await behind(proxy.url, 'http://cxone.invalid');
    const message = expect.stringContaining('requires credentials; set them in CXONE_PROXY');
    const submitted = await cxone.execute(anExecution(), CALLBACK_URL);
    expect(submitted).toMatchObject({ type: 'unsent', httpStatus: 407, message });
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: false, message });
  });

  test('the token request: the message states the remedy', async () => {
    const proxy = await startProxy({ credentials: 'user:secret' });
    for (const base of ['http://cxone.invalid', 'https://cxone.invalid']) {
      const { cxone } = startClient(base, { proxies: through(proxy.url) });
      await expect(cxone.authorize()).rejects.toThrow(/requires credentials.*CXONE_PROXY/);
    }
  });
});

test.each(['http://cxone.invalid', 'https://cxone.invalid'])('a proxy that is down, for %s', async (base) => {
  const { cxone } = await behind(DEAD_URL, base);
  const message = expect.stringMatching(/the proxy http:\/\/127.0.0.1:\d+ of CXONE_PROXY cannot be reached: .*REFUSED/);
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'unsent', message });
  expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: false, message });
});

test('NODE_USE_ENV_PROXY and HTTP_PROXY of the process change nothing here: the configuration decides', async () => {
  const tenant = await startUpstream((_, response) => sendJson(response, 200, REPLY));
  const proxy = await startProxy();
  for (const [name, value] of [
    ['NODE_USE_ENV_PROXY', '1'],
    ['HTTP_PROXY', proxy.url],
  ] as const) {
    const before = process.env[name];
    process.env[name] = value;
    onTestFinished(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
  const { cxone } = startClient(tenant.url);
  await cxone.authorize();
  expect(proxy.requests).toEqual([]);
});
