// `doctor` behind a proxy: it takes the way that the receiver takes, and states what a proxy refuses and the remedy.

import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Check } from '../../../src/cli/doctor/check.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import { createSimulator } from '../../../src/simulator/app.ts';
import { certificateFor } from '../../support/certificate.ts';
import { startProxy } from '../../support/proxy.ts';
import { DEAD_URL } from '../../support/upstream.ts';
import { command, writtenDatabase } from '../harness.ts';

async function doctor(variables: Record<string, string>): Promise<Check[]> {
  const port = await freePort();
  const { out } = await command('doctor --json', {
    PORT: String(port),
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    APP_KEYS: 'shop:the-shop-key-0123456789',
    DATABASE_PATH: await writtenDatabase(),
    ...variables,
  });
  expect(out).not.toContain('p4ssw0rd');
  return JSON.parse(out).checks;
}

const named = (checks: readonly Check[], name: string) =>
  checks.filter((check) => check.name === name).map(({ level, message, advice }) => `${level} ${message} ${advice}`);

async function startSimulator(): Promise<string> {
  const simulator = createSimulator();
  onTestFinished(() => simulator.close());
  return (await simulator.listen()).url;
}

test('plain http through HTTP_PROXY, which is shown without its credentials', async () => {
  const upstream = await startSimulator();
  const proxy = await startProxy({ credentials: 'user:p4ssw0rd', port: Number(new URL(upstream).port) });
  const checks = await doctor({
    CXONE_BASE_URL: 'http://cxone.invalid',
    http_proxy: proxy.url.replace('://', '://user:p4ssw0rd@'),
  });
  expect(named(checks, 'proxy')).toEqual([
    `ok outgoing requests take HTTP_PROXY ${proxy.url}; notifications are sent directly, without NOTIFY_PROXY null`,
  ]);
  expect(named(checks, 'upstream')).toEqual(['ok http://cxone.invalid gives a token null']);
  expect(named(checks, 'poll')).toEqual([expect.stringMatching(/^ok /)]);
});

test('NO_PROXY is respected, and its entries without effect are a warning', async () => {
  const upstream = await startSimulator();
  const proxy = await startProxy({ rejectWith: 502 });
  const checks = await doctor({ CXONE_BASE_URL: upstream, HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.0/8' });
  expect(named(checks, 'upstream')).toEqual([`ok ${upstream} gives a token null`]);
  expect(proxy.requests).toEqual([]);
});

test('a certificate is checked through the tunnel, although only the proxy resolves the name', async () => {
  const { cert, key } = await certificateFor(['cxone.invalid']);
  const server = createServer({ cert, key }, (_, response) => response.writeHead(404).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const proxy = await startProxy({ port: (server.address() as AddressInfo).port });
  const checks = await doctor({ CXONE_BASE_URL: 'https://cxone.invalid', CXONE_PROXY: proxy.url });
  expect(named(checks, 'proxy')).toContain(`ok ${proxy.url} of CXONE_PROXY opens a tunnel to cxone.invalid null`);
  expect(named(checks, 'tls')).toEqual([expect.stringMatching(/^fail the certificate of cxone.invalid does not hold/)]);
});

test.each([
  [407, /requires credentials \(407\); set them in HTTPS_PROXY/],
  [403, /rejected the tunnel to cxone.invalid:443 with 403/],
])('a proxy that rejects tunnels with %i is named with the remedy', async (rejectWith, message) => {
  const proxy = await startProxy({ rejectWith });
  const url = proxy.url.replace('://', '://user:p4ssw0rd@');
  const checks = await doctor({ CXONE_BASE_URL: 'https://cxone.invalid', HTTPS_PROXY: url });
  for (const name of ['proxy', 'upstream']) {
    expect(named(checks, name).filter((line) => line.startsWith('fail'))).toEqual([expect.stringMatching(message)]);
  }
  expect(named(checks, 'upstream').join()).toContain('CXONE_PROXY=none connects directly');
});

test('a plain request with 407, and a proxy that is down', async () => {
  const proxy = await startProxy({ credentials: 'user:secret' });
  const rejected = await doctor({ CXONE_BASE_URL: 'http://cxone.invalid', CXONE_PROXY: proxy.url });
  expect(named(rejected, 'upstream')).toEqual([expect.stringMatching(/^fail a proxy answered .*requires credentials/)]);
  const down = await doctor({ CXONE_BASE_URL: 'http://cxone.invalid', CXONE_PROXY: DEAD_URL });
  expect(named(down, 'upstream')).toEqual([expect.stringMatching(/^fail .*of CXONE_PROXY cannot be reached/)]);
});

test('a proxy of another kind fails the configuration', async () => {
  const checks = await doctor({ CXONE_BASE_URL: 'http://cxone.invalid', HTTP_PROXY: 'socks5://u:p4ssw0rd@proxy:1080' });
  expect(named(checks, 'configuration')).toEqual([expect.stringMatching(/^fail HTTP_PROXY: .*SOCKS is not supported/)]);
});
