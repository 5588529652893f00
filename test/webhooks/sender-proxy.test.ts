// Notifications through a proxy: the address guard checks every name before the proxy gets an address.

import { describe, expect, onTestFinished, test } from 'vitest';
import { NO_PROXIES, type ProxyRules, parseProxy } from '../../src/lib/proxy/proxy.ts';
import type { ResolvedAddress } from '../../src/webhooks/guarded-connect.ts';
import { createWebhookSender } from '../../src/webhooks/sender.ts';
import { createUrlPolicy } from '../../src/webhooks/url-policy.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { startProxy } from '../support/proxy.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const LOOPBACK: ResolvedAddress = { address: '127.0.0.1', family: 4 };

interface Stage {
  readonly proxyUrl: string;
  readonly origins?: readonly string[];
  readonly addresses?: readonly ResolvedAddress[];
  readonly rules?: Partial<ProxyRules>;
}

function deliver(url: string, { proxyUrl, origins = [], addresses = [LOOPBACK], rules = {} }: Stage) {
  const proxy = parseProxy('NOTIFY_PROXY', proxyUrl);
  if (typeof proxy === 'string') throw new Error(proxy);
  const sender = createWebhookSender({
    policy: createUrlPolicy(origins.map((origin) => ({ app: 'shop', origin }))),
    secretsOf: () => [`whsec_${Buffer.alloc(32, 1).toString('base64')}`],
    world: createManualWorld(),
    resolve: async () => addresses,
    proxies: { ...NO_PROXIES, https: proxy, http: proxy, ...rules },
  });
  onTestFinished(() => sender.close());
  return sender.deliver({ id: 'msg_1', app: 'shop', url, body: '{}', traceparent: null, tracestate: null });
}

describe('a notification takes a tunnel', () => {
  test('to the checked address, while the app gets its host name and no credentials of the proxy', async () => {
    const receiver = await startWebhookReceiver();
    const { port } = new URL(receiver.url);
    const proxy = await startProxy({ credentials: 'user:secret' });
    const url = `http://hook.internal:${port}/in`;
    const proxyUrl = proxy.url.replace('://', '://user:secret@');
    expect(await deliver(url, { proxyUrl, origins: [new URL(url).origin] })).toMatchObject({ type: 'delivered' });
    expect(proxy.requests).toEqual([`CONNECT 127.0.0.1:${port}`]);
    expect(receiver.received[0]?.headers['host']).toBe(`hook.internal:${port}`);
    expect(receiver.received[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  test('but not to a host of NO_PROXY', async () => {
    const receiver = await startWebhookReceiver();
    const proxy = await startProxy();
    const exceptions = [{ kind: 'host', host: 'hook.internal', port: null }] as const;
    const url = `http://hook.internal:${new URL(receiver.url).port}/in`;
    const stage = { proxyUrl: proxy.url, origins: [new URL(url).origin], rules: { exceptions } };
    expect(await deliver(url, stage)).toMatchObject({ type: 'delivered' });
    expect(proxy.requests).toEqual([]);
  });
});

describe('the proxy hears nothing of', () => {
  const PUBLIC: ResolvedAddress = { address: '93.184.215.14', family: 4 };

  test.each<[string, string, ResolvedAddress[], string[]]>([
    ['a public name that leads to this machine', 'https://evil.example/', [LOOPBACK], []],
    [
      'a public name that leads to a private network',
      'https://evil.example/',
      [{ address: '10.0.0.1', family: 4 }],
      [],
    ],
    [
      'a listed name that leads to metadata',
      'http://in.example/',
      [{ address: '169.254.169.254', family: 4 }],
      ['http://in.example'],
    ],
    ['a listed address of metadata', 'http://169.254.169.254/', [PUBLIC], ['http://169.254.169.254']],
    ['a literal private address', 'https://10.0.0.1/', [PUBLIC], []],
    ['a name without an address', 'https://nowhere.example/', [], []],
  ])('%s', async (_, url, addresses, origins) => {
    const proxy = await startProxy();
    const result = await deliver(url, { proxyUrl: proxy.url, addresses, origins });
    expect(result).toMatchObject({ type: 'failed', message: expect.stringMatching(/may not be called/) });
    expect(proxy.requests).toEqual([]);
  });

  test('the refused ones among several addresses of a name', async () => {
    const proxy = await startProxy({ rejectWith: 403 });
    const addresses = [{ address: '10.0.0.1', family: 4 }, { address: '2606:2800::1', family: 6 }, PUBLIC];
    await deliver('https://mixed.example/', { proxyUrl: proxy.url, addresses });
    expect(proxy.requests).toEqual(['CONNECT 93.184.215.14:443']);
  });
});

test.each([
  [407, /requires credentials \(407\); set them in NOTIFY_PROXY/],
  [403, /rejected the tunnel to 93.184.215.14:443 with 403/],
])('a proxy that rejects with %i: the message states the remedy, without credentials', async (rejectWith, message) => {
  const proxy = await startProxy({ rejectWith });
  const proxyUrl = proxy.url.replace('://', '://user:p4ssw0rd@');
  const result = await deliver('https://hooks.example/', {
    proxyUrl,
    addresses: [{ address: '93.184.215.14', family: 4 }],
  });
  expect(result).toMatchObject({ type: 'failed', message: expect.stringMatching(message) });
  expect(JSON.stringify(result)).not.toContain('p4ssw0rd');
});
