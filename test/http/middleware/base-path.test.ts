// Behind a proxy that strips a path: every link, form and asset of the pages, every redirect and every Location leads through it.

import { expect, test } from 'vitest';
import { ALICE_KEY, dispatchAll, type Harness, ORDERS_KEY, startHttp } from '../harness.ts';

const AS_ALICE = { authorization: `Basic ${btoa(`alice:${ALICE_KEY}`)}` };
const AS_ORDERS = { authorization: `Bearer ${ORDERS_KEY}`, 'content-type': 'application/json' };

/** What a browser or an app sees: a proxy that passes on only what is below `basePath`, without it. */
function through(http: Harness, basePath: string) {
  return async (path: string, init: RequestInit = {}) => {
    const below = path === basePath || path.startsWith(`${basePath}/`) || path.startsWith(`${basePath}?`);
    expect(below, `${path} is below ${basePath}`).toBe(true);
    const stripped = path.slice(basePath.length).replace(/^(?!\/)/, '/');
    return fetch(`${http.url}${stripped}`, { redirect: 'manual', headers: AS_ALICE, ...init });
  };
}

function linksIn(page: string): string[] {
  const links = [...page.matchAll(/<[^>]* (?:href|src|action)="([^"]*)"/g)].map(([, link = '']) => link);
  return links.map((link) => link.replaceAll('&amp;', '&')).filter((link) => !link.startsWith('#'));
}

async function withExecutions(basePath: string): Promise<Harness> {
  const http = await startHttp({ queueCapacity: 100, access: { basePath } });
  const executions = Array.from({ length: 60 }, (_, n) => ({
    ...{ actionId: 'charge-card', correlationId: `one-${n}` },
    context: { text: 'a href="/console/executions" in a text' },
  }));
  await http.call('POST', '/v1/executions/batch', { body: { executions } });
  await dispatchAll(http);
  return http;
}

test.each(['/cx', '/gateway/v1/console'])(
  'every page, asset and form below %s is reached from the first page',
  async (at) => {
    await using http = await withExecutions(at);
    const visit = through(http, at);
    const [queue, seen] = [[`${at}/`], new Set<string>()];
    for (let path = queue.shift(); path !== undefined && seen.size < 200; path = queue.shift()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const response = await visit(path);
      const { status, headers } = response;
      // A link to a form without its fields leads to a page with the question, or with the remedy.
      expect([path, status]).toEqual([path, expect.toBeOneOf([200, 303, 422])]);
      const location = headers.get('location');
      if (location !== null) queue.push(location);
      const text = await response.text();
      if (!headers.get('content-type')?.startsWith('text/html')) continue;
      queue.push(
        ...linksIn(text).map((link) => URL.parse(link, `http://proxy${path}`)?.href.slice('http://proxy'.length) ?? ''),
      );
    }
    for (const path of [
      '/',
      '/console/style.css',
      '/console/script.js',
      '/docs',
      '/openapi.json',
      '/console/executions/one-57',
    ]) {
      expect([...seen].sort(), path).toContain(at + path);
    }
    expect([...seen].some((path) => path.includes('cursor='))).toBe(true);
  },
);

test('the text of a page keeps what looks like a link', async () => {
  await using http = await withExecutions('/cx');
  const page = await (await through(http, '/cx')('/cx/console/executions/one-1')).text();
  expect(page).toContain('a href=\\&quot;/console/executions\\&quot; in a text');
});

test('an action confirmed in a form leads back below the path, and takes effect', async () => {
  await using http = await withExecutions('/cx');
  const visit = through(http, '/cx');
  const path = '/cx/console/executions/one-1/cancel';
  const asked = await (await visit(path)).text();
  // The form is sent to its own address.
  expect(asked).toMatch(/<form method="post" class="actions">/);
  const hidden = [...asked.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']): [string, string] => [name, value],
  );
  const done = await visit(path, { method: 'POST', body: new URLSearchParams(hidden) });
  expect([done.status, done.headers.get('location')]).toEqual([303, '/cx/console/executions/one-1?done=cancel']);
  const { status } = (await http.store.find('one-1')) ?? {};
  expect(status).toBe('CANCELLED');
});

test('Location of a submission is where the execution is found', async () => {
  await using http = await startHttp({ access: { basePath: '/cx' } });
  const visit = through(http, '/cx');
  const body = JSON.stringify({ actionId: 'charge', correlationId: 'one' });
  const submitted = await visit('/cx/v1/executions', { method: 'POST', headers: AS_ORDERS, body });
  expect([submitted.status, submitted.headers.get('location')]).toEqual([202, '/cx/v1/executions/one']);
  const found = await visit('/cx/v1/executions/one', { headers: AS_ORDERS });
  expect([found.status, ((await found.json()) as { correlationId: string }).correlationId]).toEqual([200, 'one']);
});

test.each([
  ['/cx', '/cx'],
  ['', '/'],
])('with BASE_PATH %j the document for programs is served for %s', async (basePath, url) => {
  await using http = await startHttp({ access: { basePath } });
  const document = (await (await fetch(`${http.url}/openapi.json`)).json()) as { servers: unknown };
  expect(document.servers).toEqual([{ url, description: expect.any(String) }]);
});

test('a page asked for by HEAD has no body', async () => {
  await using http = await startHttp({ access: { basePath: '/cx' } });
  const { status, headers } = await through(http, '/cx')('/cx/docs', { method: 'HEAD' });
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
});

test('without a path, pages and Location begin at the root', async () => {
  await using http = await withExecutions('');
  const page = await (await fetch(`${http.url}/`, { headers: AS_ALICE })).text();
  expect(linksIn(page)).toContain('/console/style.css');
});
