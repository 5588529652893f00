// Incidents in a real Chromium: what an operator sees without a click, and the acknowledgement on every width.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Harness, startHttp } from '../http/harness.ts';
import { lasting } from '../support/incidents.ts';
import { launch, sit } from './chromium.ts';

let browser: Browser;
let http: Harness;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

beforeEach(async () => {
  http = await startHttp();
  const incidents = [
    lasting(http.world.now() - 95_000),
    lasting(http.world.now() - 500_000, { id: '019c1405-7a00-7000-8000-000000000003', cause: 'DeadLetters' }),
  ];
  await http.store.saveIncidents({ incidents, events: [], references: [] }, null);
});
afterEach(() => http[Symbol.asyncDispose]());

test('the start to the second and the action of missing callbacks need no click: they are first on the overview', async () => {
  const context = await sit(browser, http);
  const page = await context.newPage();
  await page.goto('/');
  const line = page.locator('tr.incident').first();
  const text = ((await line.textContent()) ?? '').replaceAll(/\s+/g, ' ');
  const since = new Date(http.world.now() - 95_000).toISOString().replace('T', ' ').slice(0, 19);
  expect(text).toContain('Critical');
  expect(text).toContain('CXone sends no callbacks');
  expect(await line.locator('.at').first().textContent()).toBe(since);
  expect(await line.locator('td[data-name="Action or app"]').textContent()).toBe('charge-card');
  expect(await line.getByRole('link', { name: '186 of 186' }).getAttribute('href')).toMatch(/\?incident=019c1405/);
  expect(await line.isVisible()).toBe(true);
  await context.close();
});

test.for([1280, 375])('an incident is acknowledged with two clicks, at a width of %i', async (width) => {
  const context = await sit(browser, http, { width });
  const page = await context.newPage();
  await page.goto('/');
  await page.locator('tr.incident').first().getByRole('link', { name: 'Acknowledge' }).click();
  await page.waitForURL(({ pathname }) => pathname.endsWith('/acknowledge'));
  await page.getByRole('button', { name: 'Yes, acknowledge it' }).click();
  await page.waitForURL(({ pathname }) => pathname === '/');
  await page.getByText('The incident is acknowledged.').waitFor();
  expect(await page.locator('tr.incident').first().textContent()).toContain('acknowledged by alice');
  await page.getByRole('link', { name: 'Activity' }).click();
  await page.waitForURL(({ pathname }) => pathname === '/console/activity');
  expect(await page.locator('tbody tr').first().textContent()).toContain('acknowledged an incident');
  await context.close();
});
