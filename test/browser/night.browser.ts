// The tasks of a night shift in a real Chromium: each with its number of clicks, and all by keyboard.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { running } from '../http/console/visitor.ts';
import { type Harness, startHttp } from '../http/harness.ts';
import { callback, completed } from '../support/executions.ts';
import { findingsOn, launch, sit } from './chromium.ts';

let browser: Browser;
let http: Harness;
let context: BrowserContext;
let page: Page;
let clicks: number;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

beforeEach(async () => {
  http = await startHttp({ queueCapacity: 100 });
  context = await sit(browser, http);
  page = await context.newPage();
  clicks = 0;
});
afterEach(async () => {
  await context.close();
  await http[Symbol.asyncDispose]();
});

/** Clicks, and waits for the page that the click leads to. */
async function click(role: 'link' | 'button', name: string | RegExp, path: string): Promise<void> {
  clicks += 1;
  await page
    .getByRole(role, { name, exact: typeof name === 'string' })
    .first()
    .click();
  await page.waitForURL(({ pathname }) => pathname === path);
}

/** Fills a filter by keyboard and searches, which needs no click. */
async function filter(label: string, value: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(value);
  await page.keyboard.press('Enter');
  await page.waitForURL(({ searchParams }) => [...searchParams.values()].includes(value));
}

async function dead(app: string, correlationId: string): Promise<string> {
  await http.call('POST', '/v1/executions', {
    body: { actionId: 'charge-card', correlationId, notifyUrl: 'https://hooks.example/x' },
    ...(app === 'billing' ? { key: 'billing-key-0123456789' } : {}),
  });
  await http.store.claimDispatches(10, http.world.now());
  const { reference = '' } = (await http.store.find(correlationId)) ?? {};
  await http.store.record(reference, callback(completed()), http.world.now());
  const [notification] = (await http.store.listNotifications({ app: null, correlationId, limit: 1 })).items;
  const gone = { type: 'gone', httpStatus: 410, latencyMs: 1, message: 'gone' } as const;
  await http.store.recordDelivery(notification?.id ?? '', gone, http.world.now());
  return notification?.id ?? '';
}

const statusOf = async (correlationId: string) => (await http.store.find(correlationId))?.status;

describe('a task of the night, from the overview', () => {
  test('an order without a result is found with 2 clicks', async () => {
    await running(http, { correlationId: 'order-4711' });
    await running(http, { correlationId: 'order-4712' });
    await page.goto('/');
    await click('link', 'Executions', '/console/executions');
    await filter('Id begins with', 'order-4711');
    await click('link', 'order-4711', '/console/executions/order-4711');
    expect(await page.locator('.state .badge').textContent()).toBe('PENDING');
    expect(clicks).toBe(2);
  });

  test('the queue of one action is cancelled with 3 clicks', async () => {
    for (const correlationId of ['one', 'two']) await http.submit({ correlationId, actionId: 'charge-card' });
    await http.submit({ correlationId: 'other', actionId: 'look-up' });
    await page.goto('/');
    clicks += 1;
    await page.locator('.card', { hasText: 'Queued' }).getByRole('link', { name: '3' }).click();
    await page.waitForURL(({ search }) => search === '?status=QUEUED');
    await filter('Action', 'charge-card');
    await click('button', 'Cancel them…', '/console/all/cancel');
    await page.getByText('2 executions of: status QUEUED, actionId charge-card').waitFor();
    await click('button', 'Yes, cancel them', '/console/executions');
    await page.getByText('2 executions are cancelled.').waitFor();
    expect([await statusOf('one'), await statusOf('two'), await statusOf('other')]).toEqual([
      'CANCELLED',
      'CANCELLED',
      'QUEUED',
    ]);
    expect(clicks).toBe(3);
  });

  test('the dead letters of one app are replayed with 3 clicks', async () => {
    const [own, other] = [await dead('orders', 'one'), await dead('billing', 'two')];
    await page.goto('/');
    clicks += 1;
    await page.locator('.card', { hasText: 'Dead' }).getByRole('link', { name: '2' }).click();
    await page.waitForURL(({ search }) => search === '?status=DEAD');
    await filter('App', 'orders');
    await click('button', 'Replay them…', '/console/all/replay');
    await page.getByText('1 notification of:').waitFor();
    await click('button', 'Yes, replay them', '/console/notifications');
    await page.getByText('1 notification is being sent again.').waitFor();
    const states = await Promise.all([own, other].map(async (id) => (await http.store.findNotification(id))?.status));
    expect(states).toEqual(['PENDING', 'DEAD']);
    expect(clicks).toBe(3);
  });

  test('what operators did is seen with 1 click', async () => {
    const by = { by: 'operator:bob', reason: 'night shift', startedAt: http.world.now() };
    await http.store.beginActivity({ ...by, action: 'poll', target: 'one', filter: null });
    await page.goto('/');
    await click('link', 'Activity', '/console/activity');
    await page.getByText('night shift').waitFor();
    expect(clicks).toBe(1);
  });
});

describe('rows are selected', () => {
  test.for([true, false])('and cancelled after a question, with script: %s', async (javaScriptEnabled) => {
    await context.close();
    context = await sit(browser, http, { javaScriptEnabled });
    page = await context.newPage();
    for (const correlationId of ['one', 'two', 'three']) await running(http, { correlationId });
    await page.goto('/console/executions?status=OPEN');
    await page.getByRole('checkbox', { name: 'Select one', exact: true }).check();
    await page.getByRole('checkbox', { name: 'Select two', exact: true }).check();
    if (javaScriptEnabled) await page.getByText('2 selected', { exact: true }).waitFor();
    await click('button', 'Cancel selected…', '/console/selected');
    await page.getByText('2 executions of 2 selected rows.').waitFor();
    await click('button', 'Yes, cancel them', '/console/executions');
    await page.getByText('2 executions are cancelled.').waitFor();
    expect([await statusOf('one'), await statusOf('two'), await statusOf('three')]).toEqual([
      'CANCELLED',
      'CANCELLED',
      'PENDING',
    ]);
  });

  test('all at once, and stay selected while the list updates', async () => {
    for (const correlationId of ['one', 'two']) await running(http, { correlationId });
    await page.goto('/console/executions');
    await page.getByRole('checkbox', { name: 'Select all rows' }).check();
    await page.getByText('2 selected', { exact: true }).waitFor();
    const { reference = '' } = (await http.store.find('one')) ?? {};
    await http.store.record(reference, callback(completed()), http.world.now());
    await http.submit({ correlationId: 'three' });
    await http.world.advance(1_000);
    await page.getByRole('button', { name: '1 new', exact: true }).click();
    await page.getByRole('link', { name: 'three', exact: true }).waitFor();
    await page.getByText('2 selected', { exact: true }).waitFor();
    expect(await page.getByRole('checkbox', { name: 'Select three', exact: true }).isChecked()).toBe(false);
  });
});

describe('by keyboard alone', () => {
  test('rows are chosen, selected and acted on, and pages are changed', async () => {
    for (const correlationId of ['one', 'two', 'three']) await running(http, { correlationId });
    await page.goto('/');
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await page.waitForURL(({ pathname }) => pathname === '/console/executions');
    await page.locator('#show-keys').waitFor();
    for (const key of ['j', 'j', 'x']) await page.keyboard.press(key);
    await page.getByText('1 selected', { exact: true }).waitFor();
    expect(await page.getByRole('checkbox', { name: 'Select two', exact: true }).isChecked()).toBe(true);
    await page.keyboard.press('s');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(({ pathname }) => pathname === '/console/selected');
    await page.getByText('1 execution of 1 selected row.').waitFor();
  });

  test('? lists the keys, which can be turned off; a filter takes them as text', async () => {
    await running(http, { correlationId: 'one' });
    await page.goto('/console/executions');
    await page.locator('#show-keys').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('gj?x');
    expect(await page.getByLabel('Id begins with').inputValue()).toBe('gj?x');
    await page.locator('#refresh-on').focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).getByText('select the row', { exact: true }).waitFor();
    expect(await findingsOn(page)).toEqual([]);
    await page.getByLabel('Use single keys').uncheck();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.locator('#refresh-on').focus();
    await page.keyboard.press('x');
    await page.keyboard.press('g');
    await page.keyboard.press('n');
    expect(await page.getByRole('checkbox', { name: 'Select one', exact: true }).isChecked()).toBe(false);
    expect(new URL(page.url()).pathname).toBe('/console/executions');
  });
});

test('pages of lists fit a phone and a screen, light and dark', async () => {
  for (let i = 0; i < 12; i += 1) await running(http, { correlationId: `order-${4700 + i}`, actionId: 'charge-card' });
  await dead('orders', 'done');
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 375]) {
      await context.close();
      context = await sit(browser, http, { colorScheme, width });
      page = await context.newPage();
      for (const list of ['executions', 'notifications', 'activity']) {
        await page.goto(`/console/${list}`);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
        const folder = process.env['PICTURES'];
        if (folder) await page.screenshot({ path: `${folder}/${list}-${colorScheme}-${width}.png`, fullPage: true });
      }
    }
  }
});
