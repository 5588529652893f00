// The login page, sessions on the pages, and errors as pages.

import { expect, test } from 'vitest';
import { ALICE_KEY, CAROL_KEY, type Harness, ORDERS_KEY, startHttp } from '../harness.ts';
import { running } from './visitor.ts';

/** As browsers send it. */
const ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

interface Visit {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly fields?: Record<string, string>;
}

async function visit(http: Harness, path: string, { method = 'GET', headers = {}, fields }: Visit = {}) {
  const response = await fetch(http.url + path, {
    method,
    redirect: 'manual',
    headers: { accept: ACCEPT, ...(method === 'POST' ? { 'sec-fetch-site': 'same-origin' } : {}), ...headers },
    ...(fields === undefined ? {} : { body: new URLSearchParams(fields) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function logIn(http: Harness, key: string, next = '/') {
  return visit(http, '/console/login', { method: 'POST', fields: { key, next } });
}

/** Returns the Cookie header after a login. */
async function cookieOf(http: Harness, key: string): Promise<string> {
  const { headers } = await logIn(http, key);
  return headers.get('set-cookie')?.split(';')[0] ?? '';
}

test('a browser without a key gets the login page, which leads back to where it was', async () => {
  await using http = await startHttp();
  const refused = await visit(http, '/console/executions?status=OPEN');
  expect(refused.status).toBe(401);
  expect(refused.text).toContain('<h1>Log in</h1>');
  expect(refused.text).toContain('name="next" value="/console/executions?status=OPEN"');
  const done = await logIn(http, ALICE_KEY, '/console/executions?status=OPEN');
  expect([done.status, done.headers.get('location')]).toEqual([303, '/console/executions?status=OPEN']);
});

test('a session shows the pages under the name of its operator, and ends with the log out', async () => {
  await using http = await startHttp();
  const cookie = await cookieOf(http, CAROL_KEY);
  const page = await visit(http, '/', { headers: { cookie } });
  expect(page.status).toBe(200);
  expect(page.text).toMatch(/carol <small>reader<\/small>[\s\S]*Log out/);
  const out = await visit(http, '/console/logout', { method: 'POST', headers: { cookie } });
  expect([out.status, out.headers.get('location')]).toEqual([303, '/console/login']);
  expect(out.headers.get('set-cookie')).toMatch(/^cxone_receiver_session=; .*Max-Age=0;/);
});

test('a copy of the cookie is worth nothing after the log out, and the activity names the log out', async () => {
  await using http = await startHttp();
  const [cookie, other] = [await cookieOf(http, ALICE_KEY), await cookieOf(http, ALICE_KEY)];
  await visit(http, '/console/logout', { method: 'POST', headers: { cookie } });
  expect((await visit(http, '/', { headers: { cookie } })).status).toBe(401);
  expect((await visit(http, '/v1/executions', { headers: { cookie } })).status).toBe(401);
  expect((await visit(http, '/', { headers: { cookie: other } })).status).toBe(200);
  const { items } = await http.store.listActivity({ limit: 10 });
  expect(items).toEqual([expect.objectContaining({ action: 'log-out', by: 'operator:alice', outcome: 'done' })]);
  const page = await visit(http, '/console/activity', { headers: { cookie: other } });
  expect(page.text).toContain('logged out');
});

test('HTTP Basic remains, and a page that it opened has no log out', async () => {
  await using http = await startHttp();
  const authorization = `Basic ${Buffer.from(`alice:${ALICE_KEY}`).toString('base64')}`;
  const page = await visit(http, '/', { headers: { authorization } });
  expect(page.status).toBe(200);
  expect(page.text).not.toContain('Log out');
});

test('browsers are asked for HTTP Basic until they have seen the login page', async () => {
  await using http = await startHttp();
  expect((await visit(http, '/')).headers.get('www-authenticate')).toMatch(/^Basic /);
  const seen = await visit(http, '/console/login');
  const cookie = seen.headers.get('set-cookie')?.split(';')[0] ?? '';
  const asked = await visit(http, '/', { headers: { cookie } });
  expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([
    401,
    'Bearer realm="cxone-callback-receiver"',
  ]);
});

test('an administrator acts by a session; a request that another site causes changes nothing', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  const cookie = await cookieOf(http, ALICE_KEY);
  const path = '/console/executions/one/cancel';
  const { text } = await visit(http, path, { headers: { cookie } });
  const token = /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '';
  const forged = { method: 'POST', headers: { cookie, 'sec-fetch-site': 'cross-site' }, fields: { token } };
  expect((await visit(http, path, forged)).status).toBe(403);
  expect((await visit(http, '/v1/executions/one/cancel', forged)).status).toBe(403);
  expect((await http.store.find('one'))?.status).toBe('PENDING');
  expect((await visit(http, path, { method: 'POST', headers: { cookie }, fields: { token } })).status).toBe(303);
  expect((await http.store.find('one'))?.status).toBe('CANCELLED');
});

test.for([
  ['a wrong key', 'not-a-key', 401, 'not one of an operator or reader'],
  ['no key', '', 422, 'Enter your key.'],
  ['the key of an app', ORDERS_KEY, 403, 'This is the key of an app.'],
] as const)('%s does not log in, and the page says why', async ([, key, status, words]) => {
  await using http = await startHttp();
  const refused = await logIn(http, key);
  expect([refused.status, refused.headers.get('set-cookie')]).toEqual([status, null]);
  expect(refused.text).toContain(words);
});

test('guessing keys by the form is slowed down, and then the right key waits too; an open session does not', async () => {
  await using http = await startHttp();
  const cookie = await cookieOf(http, CAROL_KEY);
  for (let guess = 0; guess < 20; guess += 1) await logIn(http, `guess-${guess}`);
  const late = await logIn(http, ALICE_KEY);
  expect([late.status, late.headers.get('set-cookie')]).toEqual([429, null]);
  expect(late.text).toMatch(/Try again in \d+ s\./);
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await visit(http, '/', { headers: { cookie } })).status).toBe(200);
});

test('another site cannot log a browser in under its own key', async () => {
  await using http = await startHttp();
  const headers = { 'sec-fetch-site': 'cross-site' };
  const forged = await visit(http, '/console/login', { method: 'POST', headers, fields: { key: ALICE_KEY } });
  expect([forged.status, forged.headers.get('set-cookie')]).toEqual([403, null]);
});

test.for([
  'https://elsewhere.example/',
  '//elsewhere.example',
  '/\\elsewhere.example',
  '/.//elsewhere.example',
  'javascript:alert(1)',
  '',
])('a login does not lead to %s', async (next) => {
  await using http = await startHttp();
  expect((await logIn(http, ALICE_KEY, next)).headers.get('location')).toBe('/');
});

test.for([
  ['an unknown path', '/console/nothing', {}, 404],
  ['an unknown path of the API', '/v1/nothing', {}, 404],
  ['a wrong key', '/', { authorization: 'Basic YWxpY2U6d3Jvbmc=' }, 401],
  ['the key of an app', '/', { authorization: `Bearer ${ORDERS_KEY}` }, 403],
] as const)('%s in a browser is answered with a page', async ([, path, headers, status]) => {
  await using http = await startHttp();
  const answer = await visit(http, path, { headers });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
  expect(answer.text).toContain('<p role="alert">');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test.for([
  ['a program', '/console/nothing', '*/*'],
  ['a program that takes HTML by its default', '/v1/nothing', 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2'],
])('%s gets problem details', async ([, path = '', accept = '']) => {
  await using http = await startHttp();
  const answer = await visit(http, path, { headers: { accept } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
});

test('a callback in doubt gets problem details, whatever it accepts', async () => {
  await using http = await startHttp();
  const answer = await visit(http, '/webhook/cxone-execution/forged', {
    method: 'POST',
    headers: { accept: 'text/html' },
  });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
});
