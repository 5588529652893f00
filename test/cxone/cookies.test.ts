// Cookies of a sticky gateway go back with the requests of the execution whose response set them, and with no other.

import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createCookies } from '../../src/cxone/cookies.ts';
import { anExecution } from '../support/executions.ts';
import { sendJson } from '../support/upstream.ts';
import { CALLBACK_URL, startClient, startTenant } from './harness.ts';

const BASE = 'https://cxone.example';
const EXECUTE = `${BASE}/api/v2/actions/charge/execute`;
const POLL = `${BASE}/api/v2/actions/charge/executions/1`;

function setUp(...setCookies: string[]) {
  let now = 1_000_000;
  const cookies = createCookies(() => now);
  const stored = cookies.receive('order-1', null, EXECUTE, setCookies);
  return {
    stored,
    sentTo: (url: string, id = 'order-1') => cookies.headers(id, null, url).cookie,
    receive: (...more: string[]) => cookies.receive('order-1', null, POLL, more),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('a cookie', () => {
  test.each([
    ['route=a; Path=/', 'route=a'],
    ['route=a', 'route=a'],
    ['AWSALB=x+/y==; Expires=Wed, 21 Oct 2099 07:28:00 GMT; Path=/; SameSite=None; Secure', 'AWSALB=x+/y=='],
    ['route=a; Domain=.example; HttpOnly', 'route=a'],
    ['route=a; Path=/api/v2', 'route=a'],
    ['route=a; Path=/elsewhere', undefined],
    ['route=a; Domain=other.example', undefined],
    ['route=a; Max-Age=0', undefined],
    ['route=a; Expires=Thu, 01 Jan 1970 00:00:00 GMT', undefined],
    [`route=${'a'.repeat(5_000)}`, undefined],
    ['=a', undefined],
  ])('"%.60s" is sent back as %s', (setCookie, sent) => {
    expect(setUp(setCookie).sentTo(POLL)).toBe(sent);
  });

  test('goes to its own execution and its own host only, and over TLS if it is secure', () => {
    const { sentTo } = setUp('route=a; Path=/; Secure');
    expect(sentTo(POLL)).toBe('route=a');
    expect(sentTo(POLL, 'order-2')).toBeUndefined();
    expect(sentTo('https://other.example/api')).toBeUndefined();
    expect(sentTo('http://cxone.example/api')).toBeUndefined();
  });

  test('is replaced, deleted and expires', () => {
    const { sentTo, receive, pass } = setUp('route=a; Path=/; Max-Age=60', 'zone=1; Path=/');
    expect(sentTo(POLL)).toBe('route=a; zone=1');
    receive('route=b; Path=/; Max-Age=60');
    expect(sentTo(POLL)).toBe('zone=1; route=b');
    receive('zone=; Path=/; Max-Age=0');
    expect(sentTo(POLL)).toBe('route=b');
    pass(60_000);
    expect(sentTo(POLL)).toBeUndefined();
  });
});

test('polls send the cookies of the submit response, and those that later polls set, also after a restart', async () => {
  const polls: IncomingHttpHeaders[] = [];
  const tenant = await startTenant(({ url, headers }, response) => {
    if (!url.endsWith('/execute')) polls.push(headers);
    const cookies = url.endsWith('/execute')
      ? ['route=a; Path=/', 'zone=1; Path=/']
      : [`route=b${polls.length}; Path=/`];
    response.appendHeader('set-cookie', cookies);
    sendJson(response, 200, { executionId: 'e-1', status: 'RUNNING' });
  });
  const first = startClient(tenant.url);
  const submitted = await first.cxone.execute(anExecution(), CALLBACK_URL);
  if (submitted.type !== 'submitted') throw new Error(submitted.type);
  const execution = { ...anExecution(), executionId: 'e-1', cookies: submitted.cookies ?? null };
  await first.cxone.poll(execution);
  await first.cxone.poll(execution);
  await first.cxone.poll({ ...anExecution({ correlationId: 'another' }), executionId: 'e-2' });
  await startClient(tenant.url).cxone.poll(execution);
  expect(polls.map(({ cookie }) => cookie)).toEqual([
    'route=a; zone=1',
    'zone=1; route=b1',
    undefined,
    'route=a; zone=1',
  ]);
});
