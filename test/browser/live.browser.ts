// Open pages in a real Chromium: what changes is shown without a reload, and a receiver that does not answer is reported.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { SIGNAL_MS } from '../../src/usecases/follow-events/page-signals.ts';
import { running } from '../http/console/visitor.ts';
import { type Harness, startHttp } from '../http/harness.ts';
import { callback, completed } from '../support/executions.ts';
import { findingsOn, launch, sit } from './chromium.ts';

let browser: Browser;
let http: Harness;
let context: BrowserContext;
let page: Page;
/** Messages of the browser, for example that a script was refused. */
let complaints: string[];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

beforeEach(async () => {
  http = await startHttp({ queueCapacity: 1_000 });
  context = await sit(browser, http);
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => void complaints.push(message.text()));
  page.on('pageerror', (error) => void complaints.push(error.message));
});
afterEach(async () => {
  await context.close();
  await http[Symbol.asyncDispose]();
});

/** Opens a page and waits until its stream of signals is open. */
async function open(path: string): Promise<void> {
  const signals = page.waitForResponse((response) => new URL(response.url()).pathname === '/console/signals');
  await page.goto(path);
  expect((await signals).status()).toBe(200);
}

/** Lets the receiver send the signal of what was committed. */
const signal = () => http.world.advance(SIGNAL_MS);

async function complete(correlationId: string): Promise<void> {
  const { reference = '' } = (await http.store.find(correlationId)) ?? {};
  await http.store.record(reference, callback(completed({ paid: true })), http.world.now());
}

const row = (correlationId: string) =>
  page.locator('tr', { has: page.getByRole('link', { name: correlationId, exact: true }) });
const rows = () => page.locator('tbody tr').count();

describe('a list', () => {
  test('updates a changed row in place, and offers new rows by a button that loads them', async () => {
    await running(http, { correlationId: 'first' });
    await open('/console/executions');
    const top = await row('first').boundingBox();
    for (let i = 0; i < 12; i += 1) await http.submit({ correlationId: `new-${i}` });
    await complete('first');
    await signal();
    await row('first').getByText('COMPLETED').waitFor();
    await page.getByRole('button', { name: '12 new', exact: true }).waitFor();
    expect(await rows()).toBe(1);
    expect((await row('first').boundingBox())?.x).toBe(top?.x);
    await page.getByRole('button', { name: '12 new', exact: true }).click();
    await row('new-11').waitFor();
    expect(await rows()).toBe(13);
    await page.getByRole('button', { name: '12 new' }).waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });

  test('without rows offers the first ones', async () => {
    await open('/console/executions?app=orders');
    await http.submit({ correlationId: 'one' });
    await signal();
    await page.getByRole('button', { name: '1 new', exact: true }).click();
    await row('one').waitFor();
  });

  test('keeps a row that no longer matches and marks it', async () => {
    await running(http, { correlationId: 'one' });
    await running(http, { correlationId: 'two' });
    await open('/console/executions?status=PENDING');
    await complete('one');
    await signal();
    await row('one').getByText('no longer matches').waitFor();
    expect(await row('two').getByText('no longer matches').count()).toBe(0);
    expect(await rows()).toBe(2);
  });

  test('counts what began to match between its rows', async () => {
    for (const correlationId of ['one', 'two', 'three']) await running(http, { correlationId });
    for (const correlationId of ['one', 'three']) await complete(correlationId);
    await open('/console/executions?status=COMPLETED');
    await complete('two');
    await signal();
    await page.getByRole('button', { name: '1 new', exact: true }).waitFor();
  });

  test('of older executions updates its rows and offers no new ones', async () => {
    for (const correlationId of ['one', 'two', 'three']) await running(http, { correlationId });
    await page.goto('/console/executions?limit=1');
    const older = await page.getByRole('link', { name: 'Older executions' }).getAttribute('href');
    await open(older ?? '');
    await complete('two');
    await http.submit({ correlationId: 'four' });
    await signal();
    await row('two').getByText('COMPLETED').waitFor();
    expect(await page.locator('#new-rows').isVisible()).toBe(false);
  });

  test('of notifications shows a delivery, one of activity shows an action', async () => {
    await running(http, { correlationId: 'one', notifyUrl: 'https://hooks.example/x' });
    await complete('one');
    await open('/console/notifications');
    const [notification] = (await http.store.listNotifications({ app: null, limit: 1 })).items;
    const delivered = { type: 'delivered', httpStatus: 200, latencyMs: 5 } as const;
    await http.store.recordDelivery(notification?.id ?? '', delivered, http.world.now());
    await signal();
    await row('one').getByText('DELIVERED').waitFor();
    await open('/console/activity');
    const by = { by: 'operator:bob', reason: 'night shift', startedAt: http.world.now(), target: 'one', filter: null };
    await http.store.beginActivity({ ...by, action: 'poll' });
    await http.world.advance(2 * SIGNAL_MS);
    await page.getByRole('button', { name: '1 new', exact: true }).click();
    await page.getByText('night shift').waitFor();
  });

  test('stays as it is while the updates are off, which the browser remembers', async () => {
    await running(http, { correlationId: 'one' });
    await open('/console/executions');
    await page.getByRole('checkbox', { name: 'Update automatically' }).uncheck();
    await page.reload();
    expect(await page.getByRole('checkbox', { name: 'Update automatically' }).isChecked()).toBe(false);
    // The page does not follow anything.
    await vi.waitFor(() => expect(http.streams.size).toBe(0));
    await complete('one');
    await signal();
    expect(await row('one').getByText('PENDING').count()).toBe(1);
  });
});

describe('an execution', () => {
  test('shows its outcome and its result when they arrive', async () => {
    await running(http, { correlationId: 'one' });
    await open('/console/executions/one');
    expect(await page.locator('.state .badge').textContent()).toBe('PENDING');
    await complete('one');
    await signal();
    await page.locator('.state').getByText('COMPLETED').waitFor();
    await page.locator('pre', { hasText: '"paid": true' }).first().waitFor();
    expect(complaints).toEqual([]);
  });

  test('is not replaced while the reader uses it, and is afterwards', async () => {
    await running(http, { correlationId: 'one' });
    await open('/console/executions/one');
    await page.getByRole('button', { name: 'Cancel…' }).focus();
    const read = page.waitForResponse((response) => new URL(response.url()).pathname === '/console/executions/one');
    await complete('one');
    await signal();
    await (await read).finished();
    expect(await page.locator('.state .badge').textContent()).toBe('PENDING');
    await page.locator('#refresh-on').focus();
    await page.locator('.state').getByText('COMPLETED').waitFor();
  });
});

describe('a receiver that does not answer', () => {
  test.for(['/', '/console/executions', '/console/executions/one'])(
    '%s turns grey, says so, and recovers',
    async (path) => {
      await running(http, { correlationId: 'one' });
      if (path === '/') await page.goto(path);
      else await open(path);
      await page.locator('#refresh').waitFor();
      const title = await page.title();
      await page.route('**/*', (route) => route.abort());
      await page
        .getByRole('alert')
        .filter({ hasText: /No response since \d\d:\d\d:\d\d UTC/ })
        .waitFor();
      expect(await page.title()).toBe(`No answer · ${title}`);
      expect(await page.evaluate("getComputedStyle(document.querySelector('main')).filter")).toBe('grayscale(1)');
      await page.unroute('**/*');
      await page.getByText('No response since').waitFor({ state: 'detached' });
      expect(await page.title()).toBe(title);
    },
  );
});

test.for(['light', 'dark'] as const)(
  'axe finds nothing on a page with new rows, nor on one without answer, in %s',
  async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await running(http, { correlationId: 'one', notifyUrl: 'https://hooks.example/x' });
    await open('/console/executions?status=PENDING');
    await complete('one');
    await running(http, { correlationId: 'two' });
    await signal();
    await row('one').getByText('no longer matches').waitFor();
    await page.getByRole('button', { name: '1 new', exact: true }).waitFor();
    expect(await findingsOn(page)).toEqual([]);
    await page.route('**/*', (route) => route.abort());
    await http.submit();
    await signal();
    await page.getByRole('alert').filter({ hasText: 'No response since' }).waitFor();
    expect(await findingsOn(page)).toEqual([]);
    if (process.env['PICTURES']) await page.screenshot({ path: `${process.env['PICTURES']}/lost-${colorScheme}.png` });
  },
);
