// The API page in a real Chromium: search, folded operations, and calls of this receiver with the reader's own key.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Harness, ORDERS_KEY, startHttp } from '../http/harness.ts';
import { findings, launch, sit } from './chromium.ts';

let browser: Browser;
let http: Harness;
let context: BrowserContext;
let page: Page;
let complaints: string[];
let hosts: Set<string>;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

beforeEach(async () => {
  http = await startHttp();
  context = await sit(browser, http, { hasKey: false });
  page = await context.newPage();
  complaints = [];
  hosts = new Set();
  page.on('pageerror', (error) => void complaints.push(error.message));
  page.on('request', (request) => void hosts.add(new URL(request.url()).host));
  await page.goto('/docs');
});
afterEach(async () => {
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([new URL(http.url).host]);
  await context.close();
  await http[Symbol.asyncDispose]();
});

const operation = (id: string) => page.locator(`article[aria-labelledby="${id}"]`);

test('operations are folded; a link opens the one that it leads to', async () => {
  await operation('submitExecution').getByText('Responses', { exact: true }).waitFor({ state: 'hidden' });
  await page.locator('nav a[href="#submitExecution"]').click();
  await operation('submitExecution').getByText('Responses', { exact: true }).waitFor({ state: 'visible' });
  await page.getByRole('button', { name: 'Open all' }).click();
  await operation('getExecution').getByText('Responses', { exact: true }).waitFor({ state: 'visible' });
});

test('a search shows the operations that have all of its words', async () => {
  await page.getByRole('searchbox', { name: 'Search' }).fill('replay notification');
  await page.getByText(/^\d+ of \d+ operations$/).waitFor();
  expect(await operation('replayNotification').isVisible()).toBe(true);
  expect(await operation('submitExecution').isVisible()).toBe(false);
  expect(await page.locator('nav a[href="#submitExecution"]').isVisible()).toBe(false);
  // Parts without a match are not between the matches.
  expect(await page.getByRole('heading', { name: 'Live', exact: true }).count()).toBe(0);
  expect(await page.getByRole('heading', { name: 'About', exact: true }).count()).toBe(0);
  await page.keyboard.press('Enter');
  await operation('replayNotifications').getByText('Responses', { exact: true }).waitFor({ state: 'visible' });
  await page.getByRole('searchbox', { name: 'Search' }).fill('');
  await page.getByRole('heading', { name: 'About', exact: true }).waitFor();
  await operation('submitExecution').waitFor({ state: 'visible' });
});

test('an operation is tried with the key of the reader: a submission, then its state', async () => {
  await page.getByLabel('Your key, for “Try it”').fill(ORDERS_KEY);
  await operation('submitExecution').locator('summary').first().click();
  await operation('submitExecution').getByRole('button', { name: 'Try submitExecution' }).click();
  const body = JSON.stringify({ actionId: 'charge-card', correlationId: 'tried-1' });
  await operation('submitExecution').getByLabel('Body (application/json)').fill(body);
  await operation('submitExecution').getByRole('button', { name: 'Send' }).click();
  await operation('submitExecution').getByText('Response: 202 Accepted').waitFor();
  expect((await http.store.find('tried-1'))?.app).toBe('orders');

  await operation('getExecution').locator('summary').first().click();
  await operation('getExecution').getByRole('button', { name: 'Try getExecution' }).click();
  await operation('getExecution').getByLabel('correlationId (path, required)').fill('tried-1');
  await operation('getExecution').getByRole('button', { name: 'Send' }).click();
  await operation('getExecution').getByText('Response: 200 OK').waitFor();
  expect(await operation('getExecution').locator('.try pre').textContent()).toContain('"correlationId": "tried-1"');
});

test('without a key nothing is sent, and the page states what it needs', async () => {
  await operation('listExecutions').locator('summary').first().click();
  await operation('listExecutions').getByRole('button', { name: 'Try listExecutions' }).click();
  await operation('listExecutions').getByRole('button', { name: 'Send' }).click();
  await operation('listExecutions').getByText('This operation needs your key').waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('key');
  await page.getByText('listExecutions needs it. Enter leads back there.').waitFor();
  await page.keyboard.type(ORDERS_KEY);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await operation('listExecutions').getByText('Response: 200 OK').waitFor();
});

test('a stream is shown while it lasts, and stopped', async () => {
  await page.getByLabel('Your key, for “Try it”').fill(ORDERS_KEY);
  await operation('followExecutions').locator('summary').first().click();
  await operation('followExecutions').getByRole('button', { name: 'Try followExecutions' }).click();
  await operation('followExecutions').getByRole('button', { name: 'Send' }).click();
  await operation('followExecutions').getByText('Response: 200 OK').waitFor();
  await http.submit({ correlationId: 'streamed-1' });
  await operation('followExecutions').locator('.try pre', { hasText: 'streamed-1' }).waitFor();
  await operation('followExecutions').getByRole('button', { name: 'Stop' }).click();
  await operation('followExecutions').getByText('Stopped').waitFor();
});

test.for(['light', 'dark'] as const)(
  'axe finds nothing, and nothing scrolls sideways on a phone, in %s',
  async (colorScheme) => {
    const other = await sit(browser, http, { hasKey: false, colorScheme, width: 375 });
    expect(await findings(other, '/docs')).toEqual([]);
    const phone = await other.newPage();
    await phone.goto('/docs');
    await phone.getByRole('button', { name: 'Open all' }).click();
    expect(await phone.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    await other.close();
  },
);
