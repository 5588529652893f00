// Pausing, resuming and submitting again, done by clicking in a real Chromium, and looked at in every colour and width.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { running } from '../http/console/visitor.ts';
import { ALICE_KEY, type Harness, startHttp } from '../http/harness.ts';
import { findingsInBothColors, launch, sit } from './chromium.ts';

const PAGES = [
  ...['/', '/console/executions/waits', '/console/executions/ended', '/console/executions/ended/resubmit'],
  ...['/console/pauses', '/console/pauses/pause?actionId=charge-card', '/console/pauses/resume?app=billing'],
];

let browser: Browser;
let http: Harness;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

beforeEach(async () => {
  http = await startHttp({ queueCapacity: 50 });
  await running(http, { correlationId: 'ended' });
  await http.call('POST', '/v1/executions/ended/cancel');
  await http.submit({ correlationId: 'waits' });
});
afterEach(() => http[Symbol.asyncDispose]());

async function pauseMuch(): Promise<void> {
  const scopes = [{ actionId: 'charge-card' }, { actionId: 'b'.repeat(128) }, { app: 'billing' }, { all: true }];
  const reason = 'The payment provider charges some customers twice; ticket 4711. '.repeat(7);
  for (const scope of scopes) await http.call('POST', '/v1/pauses', { key: ALICE_KEY, body: { ...scope, reason } });
}

test.for([1280, 375])(
  'axe finds nothing while much is paused, in light and in dark at a width of %i',
  async (width) => {
    await pauseMuch();
    const context = await sit(browser, http, { width });
    const page = await context.newPage();
    for (const path of PAGES) {
      const found = await findingsInBothColors(page, path);
      expect({ path, ...found }).toEqual({ path, light: [], dark: [] });
    }
    await context.close();
  },
);

test.for([320, 375, 1024])('no page scrolls sideways while much is paused, at a width of %i', async (width) => {
  await pauseMuch();
  const context = await sit(browser, http, { width });
  const page = await context.newPage();
  for (const path of PAGES) {
    await page.goto(path);
    const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect({ path, over }).toEqual({ path, over: 0 });
  }
  await context.close();
});

test.for([true, false])('a pause of one action and its end by clicks, with script: %s', async (javaScriptEnabled) => {
  const context = await sit(browser, http, { javaScriptEnabled });
  const page = await context.newPage();
  await page.goto('/');
  await page.getByRole('link', { name: 'Pause sending' }).click();
  await page.getByRole('heading', { name: 'Pauses of sending' }).waitFor();
  await page.getByLabel('One action').fill('charge-card');
  await page.getByRole('button', { name: 'Pause this action…' }).click();
  await page.getByRole('heading', { name: 'Pause sending of action charge-card?' }).waitFor();
  await page.getByLabel(/^Reason/).fill('ticket 4711');
  await page.getByRole('button', { name: 'Yes, pause sending' }).click();
  await page.getByText('Sending is paused.', { exact: true }).waitFor();
  expect(await http.store.sendingPauses()).toMatchObject([
    { actionId: 'charge-card', reason: 'ticket 4711', queued: 1 },
  ]);

  await page.goto('/console/executions/waits');
  expect(await page.locator('p.paused').textContent()).toContain(
    'because sending of\naction charge-card is paused. By alice',
  );
  const banner = page.getByRole('list', { name: 'Paused by an administrator' });
  expect(await banner.textContent()).toContain('Sending is paused: action charge-card. By alice, since');
  await banner.getByRole('link', { name: 'Resume…' }).click();
  await page.getByRole('button', { name: 'Yes, resume sending' }).click();
  await page.getByText('Sending is resumed.', { exact: true }).waitFor();
  expect([await banner.count(), await http.store.sendingPauses()]).toEqual([0, []]);
  await context.close();
});

test('an open page shows a pause when it refreshes, and drops it when it is lifted', async () => {
  const context = await sit(browser, http);
  const page = await context.newPage();
  await page.clock.install();
  await page.goto('/');
  const banner = page.locator('ul.paused');
  expect(await banner.count()).toBe(0);
  await http.call('POST', '/v1/pauses', { key: ALICE_KEY, body: { app: 'orders' } });
  await page.clock.runFor(6_000);
  await banner.getByText('Sending is paused: app orders.').waitFor();
  await http.call('POST', '/v1/pauses/resume', { key: ALICE_KEY, body: { app: 'orders' } });
  await page.clock.runFor(6_000);
  await banner.waitFor({ state: 'detached' });
  await context.close();
});

test.for([true, false])(
  'an ended execution is submitted again by clicks, once, with script: %s',
  async (javaScriptEnabled) => {
    const context = await sit(browser, http, { javaScriptEnabled });
    const page = await context.newPage();
    await page.goto('/console/executions/ended');
    await page.getByRole('button', { name: 'Submit again…' }).click();
    await page.getByText('The old execution may have run at CXone.').waitFor();
    await page.getByRole('button', { name: 'Yes, submit it again although it may have run' }).click();
    await page.getByText('This is the new execution.').waitFor();
    const { resubmittedAs } = (await http.store.find('ended')) ?? {};
    expect(await page.textContent('h1')).toBe(resubmittedAs);
    await page.locator('.facts').getByRole('link', { name: 'ended' }).click();
    await page.getByRole('heading', { name: 'ended' }).waitFor();
    expect(await page.getByRole('button', { name: 'Submit again…' }).count()).toBe(0);
    await page.goto('/console/executions/ended/resubmit');
    await page.getByRole('button', { name: /^Yes, submit it again/ }).click();
    await page.getByText('This is the new execution.').waitFor();
    expect(await page.textContent('h1')).toBe(resubmittedAs);
    expect((await http.store.list({ app: null, limit: 10 })).items).toHaveLength(3);
    await context.close();
  },
);
