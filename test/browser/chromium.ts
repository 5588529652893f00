// The pages in a real Chromium, as an operator sees them: which browser, whose key, which colours, how wide.

import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { ALICE_KEY, CAROL_KEY, type Harness } from '../http/harness.ts';

/** Debian's, or the one that is named. It runs as root in containers, where its sandbox cannot. */
export function launch(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'], timeout: 120_000 });
}

export interface Seat {
  readonly who?: 'alice' | 'carol';
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly javaScriptEnabled?: boolean;
  /** False: the browser has no key, and the operator logs in. */
  readonly hasKey?: boolean;
}

export function sit(browser: Browser, http: Harness, seat: Seat = {}): Promise<BrowserContext> {
  const { who = 'alice', colorScheme = 'light', width = 1280, javaScriptEnabled = true, hasKey = true } = seat;
  return browser.newContext({
    baseURL: http.url,
    viewport: { width, height: 800 },
    colorScheme,
    javaScriptEnabled,
    timezoneId: 'Asia/Tokyo',
    ...(hasKey ? { httpCredentials: { username: who, password: keyOf(who) } } : {}),
  });
}

export function keyOf(who: 'alice' | 'carol'): string {
  return who === 'alice' ? ALICE_KEY : CAROL_KEY;
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** Returns what axe finds on a page. */
export async function findings(context: BrowserContext, path: string): Promise<string[]> {
  const page = await context.newPage();
  try {
    await page.goto(path);
    return await findingsOn(page);
  } finally {
    await page.close();
  }
}

/** Returns what axe finds on a page in light, and then in dark. The page is loaded once. */
export async function findingsInBothColors(page: Page, path: string): Promise<{ light: string[]; dark: string[] }> {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(path);
  const light = await findingsOn(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  // The other rules do not depend on colours.
  return { light, dark: await findingsOn(page, { runOnly: ['color-contrast', 'link-in-text-block'] }) };
}

/** Returns what axe finds on a page as it is now. */
export async function findingsOn(page: Page, options: axe.RunOptions = {}): Promise<string[]> {
  // A notice fades in: until it is opaque, its text lacks contrast.
  await page.evaluate('Promise.all(document.getAnimations().map(({ finished }) => finished)).then(() => undefined)');
  // By the debugger: the page's own policy lets no other script in.
  await page.evaluate(axe.source);
  const run = `axe.run(${JSON.stringify({ resultTypes: ['violations'], ...options })})`;
  const { violations } = await page.evaluate<{ violations: Violation[] }>(run);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}
