// The pages for operators: access, security headers, content.

import { expect, test } from 'vitest';
import type { Json } from '../../../src/execution/json.ts';
import { countedPart } from '../../../src/http/console/overview-page.ts';
import { callback, completed } from '../../support/executions.ts';
import { createPausedControl } from '../../support/pause.ts';
import { ALICE_KEY, type Harness, ORDERS_KEY, startHttp } from '../harness.ts';
import { running, visitor } from './visitor.ts';

const PAGES = [
  ...['/', '/console/actions', '/console/actions/charge-card', '/console/executions', '/console/executions/one'],
  ...['/console/notifications', '/console/callbacks'],
];

async function ended(http: Harness, correlationId: string, result: Json): Promise<void> {
  await running(http, { correlationId });
  const { reference = '' } = (await http.store.find(correlationId)) ?? {};
  await http.store.record(reference, callback(completed(result)), http.world.now());
}

test('administrators and readers get every page, apps and strangers none', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  for (const path of PAGES) {
    expect((await visitor(http).get(path)).status).toBe(200);
    expect((await visitor(http, 'carol').get(path)).status).toBe(200);
    expect((await http.call('GET', path, { key: ORDERS_KEY })).status).toBe(403);
    const stranger = await http.call('GET', path, { key: null });
    expect(stranger.status).toBe(401);
    expect(stranger.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  }
});

test('a page names each query parameter that it does not have, and knows those of its links', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  for (const path of [...PAGES, '/console/executions/one/cancel', '/console/all/cancel', '/console/pause/lift']) {
    const { status, text } = await visitor(http).get(`${path}?colour=red`);
    expect([path, status]).toEqual([path, 422]);
    expect(text).toContain('colour is unknown here; leave it out');
  }
  for (const path of [
    '/?range=day',
    '/?done=lift-pause',
    '/console/executions/one?after=1',
    '/console/actions/charge-card?range=week',
    '/console/executions?done=x',
  ]) {
    expect([path, (await visitor(http).get(path)).status]).toEqual([path, 200]);
  }
});

test('the headers allow only scripts and styles of the receiver, and forbid frames and caches', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  for (const path of PAGES) {
    const { headers, text } = await visitor(http).get(path);
    expect(headers.get('content-security-policy')?.split('; ')).toEqual([
      "default-src 'none'",
      "style-src 'self'",
      "script-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script>|https?:\/\/(?!hooks)/);
    for (const [, target = ''] of text.matchAll(/(?:src|<link[^>]*href)="([^"]+)"/g)) {
      expect((await http.call('GET', target, { key: null })).status).toBe(200);
    }
  }
});

test('every id of a page is there once, and what names an id finds it', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one', notifyUrl: 'https://hooks.example/x' });
  for (const path of PAGES) {
    const { text } = await visitor(http).get(path);
    const ids = [...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const named = [...text.matchAll(/(?:href="#|aria-labelledby="|for=")([^"]*)"/g)].map(([, id]) => id);
    expect(named.length).toBeGreaterThan(0);
    for (const id of named) expect(ids).toContain(id);
  }
});

test('each value of a table has the name of its column, which a narrow screen shows beside it', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  const order = { key: ALICE_KEY, body: { app: 'orders', origin: 'https://hooks.example' } };
  await http.call('POST', '/v1/endpoints/pause', order);
  await http.call('POST', '/v1/pauses', { key: ALICE_KEY, body: { all: true } });
  const more = ['/console/endpoints', '/console/activity', '/console/pauses', '/console/incidents'];
  const found: string[] = [];
  for (const path of [...PAGES, ...more]) {
    const { text } = await visitor(http).get(path);
    for (const [table] of text.matchAll(/<table>.*?<\/table>/gs)) {
      const columns = [...table.matchAll(/<th scope="col">(.*?)<\/th>/g)].map(([, column]) => column);
      const names = [...table.matchAll(/<td data-name="(.*?)"/g)].map(([, name]) => name);
      expect(columns).toEqual(expect.arrayContaining(names));
      if (names.length > 0) found.push(path);
    }
  }
  expect(found).toEqual(expect.arrayContaining(['/console/endpoints', '/console/activity', '/console/pauses']));
});

test('what others wrote is shown as text, whatever it looks like', async () => {
  await using http = await startHttp();
  const evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>';
  await ended(http, 'one', { html: evil, [evil]: 1 });
  const page = await visitor(http).get('/console/executions/one');
  expect(page.text).toContain('&lt;script&gt;');
  expect(page.text).not.toContain('<script>');
  expect(page.text).not.toContain('<img');
  const search = await visitor(http).get(
    `/console/executions?text=${encodeURIComponent(evil)}&app=${encodeURIComponent(evil)}`,
  );
  expect(search.text).not.toContain('<script>');
});

test('the overview shows what is queued, what ended and how', async () => {
  await using http = await startHttp();
  await ended(http, 'one', { paid: true });
  await http.submit({ correlationId: 'two' });
  const { text } = await visitor(http).get('/');
  expect(text).toMatch(/Queued<\/dt><dd><strong><a href="[^"]+">1<\/a>/);
  expect(text).toContain('Submitted: 2');
  expect(text).toContain('Callback 1 (100 %)');
  expect(text).toMatch(/aria-label="2 executions submitted between/);
  expect((await visitor(http).get('/?range=day')).text).toContain('In the last 24 hours');
});

test('a pause that CXone asked for, a full queue and what is not ready stand at the top', async () => {
  await using http = await startHttp({
    queueCapacity: 1,
    lifecycle: {
      ready: async () => [
        { part: 'the loop "poll" is stuck' },
        { part: 'the database takes no writes', words: 'no space for role "receiver"' },
      ],
    },
    controls: createPausedControl(),
  });
  await http.submit();
  const { text } = await visitor(http).get('/');
  const [, warnings = ''] = /<ul class="warnings"[^>]*>(.*?)<\/ul>/s.exec(text) ?? [];
  expect(warnings).toContain('Not ready: the loop &quot;poll&quot; is stuck.');
  expect(warnings).toContain('Not ready: the database takes no writes (no space for role &quot;receiver&quot;).');
  expect(warnings).toContain('Requests to CXone are paused. CXone answered 429 to the execute request of');
  expect(warnings).toContain('<a href="/console/executions/order-1">order-1</a> (action charge-card, app shop)');
  expect(warnings).toContain('href="/console/pause/lift"');
  expect(warnings).toContain('The queue holds 1 of 1');
});

test('a search finds what the API finds, its address is tidy and can be passed on', async () => {
  await using http = await startHttp();
  await ended(http, 'one', null);
  await http.submit({ correlationId: 'two', actionId: 'look-up' });
  const found = await visitor(http).get('/console/executions?actionId=look-up');
  expect(found.text).toContain('/console/executions/two');
  expect(found.text).not.toContain('/console/executions/one');
  expect(found.text).toContain('name="actionId" value="look-up"');
  const untidy = await fetch(`${http.url}/console/executions?id=&status=&actionId=+look-up+`, {
    redirect: 'manual',
    headers: { authorization: `Basic ${Buffer.from('alice:alice-key-0123456789').toString('base64')}` },
  });
  expect([untidy.status, untidy.headers.get('location')]).toEqual([303, '/console/executions?actionId=look-up']);
});

test('each time is in UTC, with its distance from now', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  await http.world.advance(150_000);
  const { text } = await visitor(http).get('/console/executions');
  expect(text).toContain(
    '<time datetime="2026-01-01T00:00:00.000Z"><span class="at">2026-01-01 00:00:00.000</span> <small class="ago">2.5 min ago',
  );
  expect(text).toContain(
    '<time id="clock" datetime="2026-01-01T00:02:30.000Z">00:02:30</time> <span id="zone">UTC</span>',
  );
});

test('a time without an offset is in UTC, and the URL then has it in full', async () => {
  await using http = await startHttp();
  const typed = await fetch(`${http.url}/console/executions?from=2026-01-31+12%3A00&to=2026-02-01`, {
    redirect: 'manual',
    headers: { authorization: `Basic ${Buffer.from('alice:alice-key-0123456789').toString('base64')}` },
  });
  const location = '/console/executions?from=2026-01-31T12%3A00Z&to=2026-02-01';
  expect([typed.status, typed.headers.get('location')]).toEqual([303, location]);
  expect((await visitor(http).get(location)).status).toBe(200);
});

test('the number of executions at CXone links to exactly these, without queued ones', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'sent' });
  await http.submit({ correlationId: 'waiting' });
  const { text } = await visitor(http).get('/');
  const [, link = ''] = /<dt>At CXone<\/dt><dd><strong><a href="([^"]+)">1</.exec(text) ?? [];
  const found = await visitor(http).get(link);
  expect(found.text).toContain('/console/executions/sent');
  expect(found.text).not.toContain('/console/executions/waiting');
});

test.for([
  [60_000, true],
  [18, false],
] as const)('a pause of %i ms is a warning: %s', async ([ms, isWarning]) => {
  await using http = await startHttp({ controls: createPausedControl(ms) });
  expect((await visitor(http).get('/')).text.includes('Requests to CXone are paused')).toBe(isWarning);
});

test('a conflict, a late result and a failure do not have the colour of a success', async () => {
  await using http = await startHttp();
  await ended(http, 'one', { balance: 1 });
  const { reference = '' } = (await http.store.find('one')) ?? {};
  await http.store.record(reference, callback(completed({ balance: 2 })), http.world.now());
  const { text } = await visitor(http).get('/console/executions/one');
  const tones = [...text.matchAll(/<li class="(\w+)">[\s\S]*?class="event">(\w+)</g)].map(([, tone, event]) => [
    event,
    tone,
  ]);
  expect(tones).toContainEqual(['CALLBACK_COMPLETED', 'good']);
  expect(tones).toContainEqual(['CALLBACK_CONFLICT', 'warn']);
});

test('a search that cannot be understood says what is wrong with it, and keeps what was typed', async () => {
  await using http = await startHttp();
  const { status, text } = await visitor(http).get('/console/executions?from=yesterday');
  expect(status).toBe(422);
  expect(text).toContain('“yesterday” is not a time. Write a date, 2026-01-31, or a time in UTC, 2026-01-31 12:00.');
  expect(text).toContain('value="yesterday"');
});

test('an execution has its timeline: who, when, how long, and what CXone said', async () => {
  await using http = await startHttp();
  await ended(http, 'one', { paid: true });
  const { text } = await visitor(http).get('/console/executions/one');
  const [, timeline = ''] = /<ol class="timeline">(.*?)<\/ol>/s.exec(text) ?? [];
  const steps = timeline.split('<li').map((step) => step.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' '));
  expect(steps[1]).toContain('app:orders submitted the execution ACCEPTED');
  expect(steps[3]).toMatch(/2026-01-01 00:00:00.000 now \+0 ms CXone accepted it \(in 25 ms, HTTP 202\) SUBMITTED/);
  expect(steps[4]).toContain('CXone called back with the outcome');
  expect(text).toContain('&quot;paid&quot;: true');
});

test('a long timeline comes in parts', async () => {
  await using http = await startHttp({ listedRepeats: 1_000 });
  await running(http, { correlationId: 'one' });
  const { reference = '' } = (await http.store.find('one')) ?? {};
  for (let polls = 0; polls < 250; polls += 1) {
    await http.store.record(
      reference,
      { type: 'poll-failed', message: 'busy', nextPollAt: 0, httpStatus: 503, latencyMs: 1 },
      http.world.now(),
    );
  }
  const first = await visitor(http).get('/console/executions/one');
  const [, after = ''] = /href="\?after=(\d+)" rel="next"/.exec(first.text) ?? [];
  const rest = await visitor(http).get(`/console/executions/one?after=${after}`);
  const steps = (text: string) => text.split('<p class="when">').length - 1;
  expect([steps(first.text), steps(rest.text)]).toEqual([200, 53]);
  expect(rest.text).not.toContain('?after=');
});

test('an unknown execution is a page of its own, with status 404', async () => {
  await using http = await startHttp();
  for (const id of ['none', '..%2f', '%00', 'x'.repeat(300)]) {
    const { status, text } = await visitor(http).get(`/console/executions/${id}`);
    expect(status).toBe(404);
    expect(text).toContain('No execution has this id.');
  }
});

test('readers see no buttons', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  for (const path of PAGES) {
    const seen = (await visitor(http, 'carol').get(path)).text;
    expect(seen).not.toMatch(/method="post"|\/poll"|\/cancel"|\/replay"/);
  }
  expect((await visitor(http).get('/console/executions/one')).text).toContain('/console/executions/one/cancel');
});

test('a search that has not ended states how far it has come, a list does not', async () => {
  await using http = await startHttp();
  for (const correlationId of ['first', 'second', 'third']) await running(http, { correlationId });
  const alice = visitor(http);
  const { text } = await alice.get('/console/executions?text=%7B&limit=1');
  expect(text).toMatch(/Searched through <time datetime="[^"]+">.+<\/time>: 1 of 3 executions\./);
  const cursor = /cursor=([\w-]+)"/.exec(text)?.[1];
  const next = await alice.get(`/console/executions?text=%7B&limit=1&cursor=${cursor}`);
  expect(next.text).toContain(': 2 of 3 executions.');
  for (const path of ['/console/executions?limit=1', '/console/executions?text=%7B']) {
    expect((await alice.get(path)).text).not.toContain('Searched through');
  }
});

test('the numbers of a period are said to be incomplete, with the time from which they are complete', () => {
  const at = Date.parse('2026-03-01T18:03:00Z');
  expect(String(countedPart({ complete: false, countedFrom: at }))).toContain('the numbers are incomplete');
  expect(String(countedPart({ complete: true, countedFrom: at }))).toMatch(/Counted from <time [^>]*2026-03-01T18:03/);
  expect(countedPart({ complete: true, countedFrom: null })).toBeNull();
});
