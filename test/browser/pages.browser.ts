// The pages for operators in a real Chromium: for every eye, every hand and every width.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { running } from '../http/console/visitor.ts';
import { type Harness, startHttp } from '../http/harness.ts';
import { callback, completed } from '../support/executions.ts';
import { lasting } from '../support/incidents.ts';
import { findingsInBothColors, keyOf, launch, sit } from './chromium.ts';

const PAGES = [
  '/',
  '/?range=day',
  '/console/executions',
  '/console/executions?from=nonsense',
  '/console/executions/open',
  '/console/executions/done',
  '/console/executions/open/cancel',
  '/console/executions/none',
  '/console/notifications',
  '/console/callbacks',
  '/console/actions',
  '/console/actions/charge-card',
  '/console/actions/charge-card?from=nonsense',
  '/console/activity',
  '/console/endpoints',
  '/console/endpoints?app=shop&origin=https%3A%2F%2Fhooks.example',
  '/console/endpoints/pause?app=shop&origin=https%3A%2F%2Fhooks.example',
  '/console/incidents',
  `/console/incidents/${lasting(0).id}/acknowledge`,
  '/console/runbook/CallbacksStopped',
  '/console/all/cancel?status=OPEN',
  '/console/login',
  '/console/nothing',
];

let browser: Browser;
let http: Harness;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

beforeEach(async () => {
  http = await startHttp({ queueCapacity: 50, pages: { sensitiveFields: ['cardNumber'] } });
  const inputs = { cardNumber: '4111111111111111', note: 'x'.repeat(400) };
  const notified = { notifyUrl: `https://hooks.example/${'long-path/'.repeat(20)}` };
  await running(http, { correlationId: 'done', inputs, ...notified });
  const { reference = '' } = (await http.store.find('done')) ?? {};
  await http.store.record(reference, callback(completed({ paid: true })), http.world.now());
  await running(http, { correlationId: 'open', inputs, ...notified });
  const filter = JSON.stringify({ status: 'OPEN', actionId: 'b'.repeat(128), from: '2026-01-31T12:00:00.000Z' });
  const by = { by: 'operator:alice', reason: 'x'.repeat(500), startedAt: http.world.now() };
  await http.store.beginActivity({ ...by, action: 'cancel', target: null, filter });
  await http.store.beginActivity({ ...by, action: 'reveal', target: 'done', filter: null });
  const ended = { id: '019c1405-7a00-7000-8000-000000000003', cause: 'ClockSet', endedAt: http.world.now() } as const;
  const long = {
    problem: `https://${'long-name.'.repeat(20)}example takes no notifications`,
    actions: ['b'.repeat(128)],
  };
  const incidents = [lasting(http.world.now() - 95_000, long), lasting(http.world.now() - 600_000, ended)];
  await http.store.saveIncidents({ incidents, events: [], references: [] }, null);
  await running(http, { correlationId: 'a'.repeat(128), actionId: 'b'.repeat(128) });
});
afterEach(() => http[Symbol.asyncDispose]());

describe('everybody can read and use it', () => {
  test.for([1280, 375])('axe finds nothing on any page, in light and in dark at a width of %i', async (width) => {
    const context = await sit(browser, http, { width });
    const page = await context.newPage();
    for (const path of PAGES) {
      const found = await findingsInBothColors(page, path);
      expect({ path, ...found }).toEqual({ path, light: [], dark: [] });
    }
    await context.close();
  });

  test.for(['light', 'dark'] as const)('axe would find something in %s', async (color) => {
    const context = await sit(browser, http);
    const page = await context.newPage();
    const style = `@media (prefers-color-scheme: ${color}) { body { color: #bbb; background: #ccc; } }`;
    await context.route('**/console/style.css', (route) => route.fulfill({ contentType: 'text/css', body: style }));
    const { [color]: found } = await findingsInBothColors(page, '/');
    expect(found.join()).toContain('color-contrast');
    await context.close();
  });

  test.for([320, 375, 768, 1024, 1280])('no page scrolls sideways at a width of %i', async (width) => {
    const context = await sit(browser, http, { width });
    const page = await context.newPage();
    for (const path of PAGES) {
      await page.goto(path);
      const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect({ path, over }).toEqual({ path, over: 0 });
    }
    await context.close();
  });

  test('at a width of 1280, no list has to be scrolled sideways to its last column', async () => {
    const context = await sit(browser, http, { width: 1280 });
    const page = await context.newPage();
    for (const path of [
      '/',
      '/console/incidents',
      '/console/executions',
      '/console/notifications',
      '/console/callbacks',
    ]) {
      await page.goto(path);
      const tables = page.locator('.box:has(> table):visible');
      const over = await tables.evaluateAll((boxes) => boxes.map((box) => box.scrollWidth - box.clientWidth));
      expect({ path, over: Math.max(0, ...over) }).toEqual({ path, over: 0 });
    }
    await context.close();
  });

  test('from the list to a cancelled execution by keyboard alone', async () => {
    const context = await sit(browser, http);
    const page = await context.newPage();
    const focused = () => page.evaluate('document.activeElement.textContent.trim()');
    const tabTo = async (text: string) => {
      for (let steps = 0; steps < 80 && (await focused()) !== text; steps += 1) await page.keyboard.press('Tab');
      expect(await focused()).toBe(text);
    };
    await page.goto('/console/executions?status=OPEN');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await tabTo('open');
    await page.keyboard.press('Enter');
    await page.waitForURL(({ pathname }) => pathname === '/console/executions/open');
    await tabTo('Cancel…');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/cancel\??$/);
    await tabTo('Yes, cancel it');
    await page.keyboard.press('Enter');
    await page.waitForURL('**?done=cancel');
    expect(await page.getByRole('status').first().textContent()).toBe('The execution is cancelled.');
    expect((await http.store.find('open'))?.status).toBe('CANCELLED');
    await context.close();
  });
});

describe('what is done by clicking', () => {
  test.for([true, false])('a cancel, with script: %s', async (javaScriptEnabled) => {
    const context = await sit(browser, http, { javaScriptEnabled });
    const page = await context.newPage();
    await page.goto('/console/executions/open');
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await page.getByRole('link', { name: 'No, go back' }).click();
    expect((await http.store.find('open'))?.status).toBe('PENDING');
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await page.getByRole('button', { name: 'Yes, cancel it' }).click();
    await page.getByText('The execution is cancelled.').waitFor();
    expect((await http.store.find('open'))?.status).toBe('CANCELLED');
    const by = (await http.store.trail('open')).find(({ event }) => event === 'CANCELLED')?.detail['by'];
    expect(by).toBe('operator:alice');
    await context.close();
  });

  test.for([true, false])(
    'a log in leads to the page that was asked for, and a log out ends it, with script: %s',
    async (javaScriptEnabled) => {
      const context = await sit(browser, http, { javaScriptEnabled, hasKey: false });
      const page = await context.newPage();
      await page.goto('/console/login?next=/console/callbacks');
      await page.fill('#key', keyOf('carol'));
      await page.keyboard.press('Enter');
      await page.waitForURL(({ pathname }) => pathname === '/console/callbacks');
      expect(await page.textContent('h1')).toBe('Callbacks');
      await page.click('text=Log out');
      await page.waitForURL(({ pathname }) => pathname === '/console/login');
      await page.goto('/console/executions');
      expect(await page.textContent('h1')).toBe('Log in');
      await context.close();
    },
  );

  test('times are UTC until local time is chosen, on every page; the tooltip has the other one', async () => {
    const context = await sit(browser, http);
    const page = await context.newPage();
    await page.goto('/console/executions/open');
    const submitted = page.locator('.facts time').first();
    expect(await submitted.locator('span').textContent()).toBe('2026-01-01 00:00:00.000');
    expect(await submitted.getAttribute('title')).toBe('2026-01-01 09:00:00.000 local time');
    await page.check('#local-on');
    expect(await submitted.locator('span').textContent()).toBe('2026-01-01 09:00:00.000');
    expect([await page.textContent('#zone'), await page.textContent('#clock')]).toEqual([
      'local',
      expect.stringMatching(/^09:/),
    ]);
    await page.goto('/console/executions');
    expect(await page.locator('td time span').first().textContent()).toBe('2026-01-01 09:00:00.000');
    await context.close();
  });

  test('what is hidden is shown on a click', async () => {
    const context = await sit(browser, http);
    const page = await context.newPage();
    await page.goto('/console/executions/open');
    expect(await page.content()).not.toContain('4111');
    await page.getByRole('button', { name: 'Show them' }).click();
    await page.getByText('4111111111111111').first().waitFor();
    await context.close();
  });

  test('a form on another site cancels nothing, though the browser knows the password', async () => {
    const context = await sit(browser, http);
    const page = await context.newPage();
    await page.goto('/console/executions/open');
    const elsewhere = await startHttp();
    for (const path of ['/v1/executions/open/cancel', '/console/executions/open/cancel']) {
      // localhost and 127.0.0.1 are two sites.
      const forged = `<form method="post" action="${http.url}${path}"><button>Win a prize</button></form>`;
      await page.route('**/prize', (route) => route.fulfill({ contentType: 'text/html', body: forged }));
      await page.goto(`http://localhost:${elsewhere.port}/prize`);
      const answer = page.waitForResponse((response) => response.url().endsWith(path));
      await page.getByRole('button').click();
      expect((await answer).status()).toBe(403);
    }
    expect((await http.store.find('open'))?.status).toBe('PENDING');
    await elsewhere[Symbol.asyncDispose]();
    await context.close();
  });
});

describe('it is live', () => {
  test('the overview refreshes itself, stops on request, and breaks no rule of its own policy', async () => {
    const context = await sit(browser, http);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(error.message));
    await page.clock.install();
    await page.goto('/');
    const queued = page.locator('.card', { hasText: 'Queued' }).locator('strong').first();
    expect(await queued.textContent()).toBe('0');
    await http.submit();
    await page.clock.runFor(6_000);
    await page.locator('.card', { hasText: 'Queued' }).locator('strong', { hasText: /^1$/ }).first().waitFor();
    expect(await queued.textContent()).toBe('1');
    await page.getByRole('checkbox', { name: 'Refresh every 5 s' }).uncheck();
    await http.submit();
    await page.clock.runFor(20_000);
    expect(await queued.textContent()).toBe('1');
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('when the receiver is gone the page says since when, and recovers', async () => {
    const context = await sit(browser, http);
    const page = await context.newPage();
    await page.clock.install();
    await page.goto('/');
    await page.route('**/*', (route) => route.abort());
    await page.clock.runFor(6_000);
    await page.getByText(/No response since \d\d:\d\d:\d\d/).waitFor();
    await page.unroute('**/*');
    await page.clock.runFor(6_000);
    await page.getByText(/No response since/).waitFor({ state: 'detached' });
    await context.close();
  });
});
