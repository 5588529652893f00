// The plots in a real Chromium: values by pointer and keys, zoom by dragging, and downloads.

import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { running } from '../http/console/visitor.ts';
import { type Harness, startHttp } from '../http/harness.ts';
import { callback, completed } from '../support/executions.ts';
import { START } from '../support/manual-world.ts';
import { launch, sit } from './chromium.ts';

const HOUR = 3_600_000;
const PAGE = '/console/actions/charge-card';
/** Sixty steps of two minutes. */
const PERIOD = 'from=2026-01-01T00:00:00.000Z&to=2026-01-01T02:00:00.000Z';

let browser: Browser;
let http: Harness;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

beforeEach(async () => {
  http = await startHttp({ queueCapacity: 50 });
  await running(http, { correlationId: 'one' });
  const { reference = '' } = (await http.store.find('one')) ?? {};
  await http.store.record(reference, callback(completed()), START + 3_000);
  await http.world.advance(2 * HOUR);
  context = await sit(browser, http);
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => void complaints.push(message.text()));
  page.on('pageerror', (error) => void complaints.push(error.message));
});
afterEach(async () => {
  expect(complaints).toEqual([]);
  await context.close();
  await http[Symbol.asyncDispose]();
});

const outcomes = () => page.locator('figure', { hasText: 'Outcomes' });

/** The place of the first plot on the screen. */
async function placeOfPlot() {
  const box = await outcomes().locator('svg.plot').boundingBox();
  if (box === null) throw new Error('the plot is not visible');
  return { at: (share: number) => box.x + share * box.width, y: box.y + box.height / 2 };
}

/** Returns the colours of a picture; a page of its own has no policy against the address of the picture. */
async function coloursOf(png: Buffer): Promise<string[]> {
  const blank = await context.newPage();
  const source = JSON.stringify(`data:image/png;base64,${png.toString('base64')}`);
  return blank.evaluate<string[]>(`(async () => {
    const image = await createImageBitmap(await (await fetch(${source})).blob());
    const drawing = new OffscreenCanvas(image.width, image.height).getContext('2d');
    drawing.drawImage(image, 0, 0);
    const { data } = drawing.getImageData(0, 0, image.width, image.height);
    const found = new Set();
    for (let at = 0; at < data.length; at += 4) found.add([data[at], data[at + 1], data[at + 2]].join());
    return [...found];
  })()`);
}

test('the pointer shows the values of a column', async () => {
  await page.goto(`${PAGE}?${PERIOD}`);
  const { at, y } = await placeOfPlot();
  await page.mouse.move(at(0.5 / 60), y);
  await outcomes().getByText('01-01 00:00: 1 completed', { exact: true }).and(page.locator('output')).waitFor();
  await page.mouse.move(at(30.5 / 60), y);
  await outcomes().getByText('01-01 01:00: none', { exact: true }).and(page.locator('output')).waitFor();
});

test('a drag along a plot leads to its time, which the URL has', async () => {
  await page.goto(`${PAGE}?${PERIOD}`);
  const { at, y } = await placeOfPlot();
  await page.mouse.move(at(0.25), y);
  await page.mouse.down();
  await page.mouse.move(at(0.4), y);
  await outcomes().locator('.selection').waitFor();
  await page.mouse.move(at(0.5), y);
  await page.mouse.up();
  await page.waitForURL((url) => url.searchParams.get('from')?.startsWith('2026-01-01T00:30:0') === true);
  const { pathname, searchParams } = new URL(page.url());
  expect(pathname).toBe(PAGE);
  expect(searchParams.get('to')).toMatch(/^2026-01-01T(00:59:5|01:00:0)/);
  await page.getByText('0 executions submitted').waitFor();
});

test('a click does not zoom', async () => {
  await page.goto(`${PAGE}?${PERIOD}`);
  const before = page.url();
  const { at, y } = await placeOfPlot();
  await page.mouse.click(at(0.5), y);
  // What a zoom would lead to is loaded before the next page answers.
  await page.getByRole('link', { name: 'Later' }).click();
  await page.waitForURL((url) => url.searchParams.get('from') === '2026-01-01T02:00:00.000Z');
  await page.goBack();
  expect(page.url()).toBe(before);
});

test('the keyboard walks along the columns, selects and zooms', async () => {
  await page.goto(`${PAGE}?${PERIOD}`);
  const values = outcomes().locator('output');
  await outcomes().locator('svg.plot').focus();
  await page.keyboard.press('Home');
  expect(await values.textContent()).toBe('01-01 00:00: 1 completed');
  await page.keyboard.press('ArrowRight');
  expect(await values.textContent()).toBe('01-01 00:02: none');
  for (let steps = 0; steps < 4; steps += 1) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('from') === '2026-01-01T00:02:00.000Z');
  expect(new URL(page.url()).searchParams.get('to')).toBe('2026-01-01T00:12:00.000Z');
});

test('a plot is downloaded as CSV and as a picture of what is on the screen', async () => {
  await page.goto(`${PAGE}?${PERIOD}`);
  const download = async (click: () => Promise<void>) => {
    const [file] = await Promise.all([page.waitForEvent('download'), click()]);
    return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
  };
  const csv = await download(() => outcomes().getByRole('link', { name: 'CSV' }).click());
  expect(csv.name).toBe('charge-card.csv');
  expect(csv.bytes.toString().split('\r\n')[1]).toMatch(/^2026-01-01T00:00:00\.000Z,.*,1,0,1,0,/);
  const png = await download(() => outcomes().getByRole('button', { name: 'PNG' }).click());
  expect(png.name).toBe('charge-card-outcomes.png');
  expect(png.bytes.subarray(1, 4).toString()).toBe('PNG');
  const { width } = (await outcomes().boundingBox()) ?? { width: 0 };
  expect(Math.abs(png.bytes.readUInt32BE(16) - 2 * (width + 24))).toBeLessThanOrEqual(2);
  const colours = await coloursOf(png.bytes);
  // The green of a completed execution, in light mode.
  expect(colours).toContain('28,124,77');
});

test('without script, a title states the values of each column, and links zoom', async () => {
  const plain = await sit(browser, http, { javaScriptEnabled: false });
  const still = await plain.newPage();
  await still.goto(`${PAGE}?${PERIOD}`);
  const figure = still.locator('figure', { hasText: 'Outcomes' });
  expect(await figure.locator('.columns title').first().textContent()).toBe('01-01 00:00: 1 completed');
  expect(await figure.getByRole('button', { name: 'PNG' }).isVisible()).toBe(false);
  await still.getByRole('link', { name: 'Zoom in' }).click();
  await still.waitForURL((url) => url.searchParams.get('from') === '2026-01-01T00:30:00.000Z');
  await plain.close();
});
