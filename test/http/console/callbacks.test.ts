// The page about callbacks: an operator sees that they stay away, since when, and which timing would fit.

import { expect, test } from 'vitest';
import { arrivalGroupOf, createChannelCounts } from '../../../src/stats/callback-health/channels.ts';
import { healthOf, missingIn } from '../../../src/stats/callback-health/health.ts';
import { adviceFor } from '../../../src/stats/timing-advice/advice.ts';
import type { Observation } from '../../../src/store/observations-port.ts';
import { startHttp } from '../harness.ts';
import { visitor } from './visitor.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 0, 1, 12);

/** Each was done 1 s after it was sent, and called back then; one that was missed was found by a poll after 12 s. */
function observed(count: number, at: number, missed: boolean): Observation[] {
  return Array.from({ length: count }, (_, i) => {
    const sentAt = at + i * 1_000;
    const resolvedAt = sentAt + (missed ? 12_000 : 1_000);
    return {
      ...{ actionId: 'charge<b>', status: 'COMPLETED', sentAt, resolvedAt, graceSeconds: 10, timeoutSeconds: 30 },
      resolvedBy: missed ? ('poll' as const) : ('callback' as const),
      calledBackAt: missed ? null : resolvedAt,
      foundAt: missed ? resolvedAt : null,
      pollCount: missed ? 1 : 0,
      pollable: true,
    };
  });
}

const before = observed(300, NOON - 20 * HOUR, false);
const now = observed(60, NOON, true);

async function open(all: readonly Observation[], countedFrom: number | null = null) {
  const book = createChannelCounts();
  for (const group of all.map(arrivalGroupOf)) if (group !== null) book.add(group);
  const counts = book.all();
  const source = { counts, missing: missingIn(counts) };
  const health = async (hours = 24) => ({
    ...healthOf(source, NOON + HOUR - hours * HOUR, NOON + HOUR),
    countedFrom,
  });
  const advice = adviceFor('charge<b>', all, { intervalMs: 2_000, now: NOON + HOUR });
  const pages = { health, advice: () => (all.length === 0 ? [] : [advice]) };
  return { advice, http: await startHttp({ pages }) };
}

test('an hour in which callbacks stay away stands first, with an alert, there and on the first page', async () => {
  const { http } = await open([...before, ...now]);
  await using _closed = http;
  const { text } = await visitor(http).get('/console/callbacks');
  const alert =
    /charge&lt;b&gt;: 100 % of the callbacks are missing in the hour from <time datetime="2026-01-01T12:00:00\.000Z"><span class="at">2026-01-01 12:00:00<\/span>.*<\/time> \(60 of 60\)/;
  expect(text).toMatch(alert);
  const rows = [...text.matchAll(/<time datetime="([^"]+)">/g)].map(([, hour]) => hour);
  expect(rows).toEqual(['2026-01-01T12:00:00.000Z', '2026-01-01T12:00:00.000Z', '2025-12-31T16:00:00.000Z']);
  expect(text).toContain('more than usual');
  expect((await visitor(http).get('/')).text).toMatch(alert);
});

test('the advice for an action is there in numbers and in words', async () => {
  const { http, advice } = await open([...before, ...now]);
  await using _closed = http;
  const { text } = await visitor(http).get('/console/callbacks');
  expect(advice.words.length).toBeGreaterThan(0);
  for (const word of advice.words) expect(text).toContain(word);
  expect(text).toContain(`<td data-name="Confidence">${advice.confidence}</td>`);
});

test('a plot spans the whole day, also where all ended in one hour', async () => {
  const { http } = await open(now.map((one) => ({ ...one, actionId: 'charge' })));
  await using _closed = http;
  const { text } = await visitor(http).get('/console/callbacks');
  const columns = text.match(/\d\d:00: (?:none|60 by poll; 100 % missed)/g) ?? [];
  expect(columns).toHaveLength(24);
  expect(columns.filter((column) => !column.endsWith('none'))).toEqual(['12:00: 60 by poll; 100 % missed']);
});

test('when nothing has happened it says so', async () => {
  const { http } = await open([]);
  await using _closed = http;
  const { text } = await visitor(http).get('/console/callbacks');
  expect(text).toContain('No execution ended in the last 24 hours.');
  expect(text).toContain('No execution was sent in the last 7 days.');
  expect(text).not.toContain('class="warnings"');
});

test('while earlier executions are still being counted, it says what the numbers include', async () => {
  const { http } = await open(now, NOON - HOUR);
  await using _closed = http;
  const { text } = await visitor(http).get('/console/callbacks');
  expect(text).toMatch(/hours and advice include those submitted since\s+<time datetime="2026-01-01T11:00:00.000Z"/);
});

test('advice is first, then a plot per action that leads to its page, then the numbers, folded; all of them are a CSV file', async () => {
  const { http } = await open([...before, ...now].map((one) => ({ ...one, actionId: 'charge' })));
  await using _closed = http;
  const { text } = await visitor(http).get('/console/callbacks');
  const order = ['class="warnings"', 'id="advice"', 'class="zoom"', 'id="hour-numbers"'].map((part) =>
    text.indexOf(part),
  );
  expect(order).toEqual(order.toSorted((one, other) => one - other));
  expect(order[0]).toBeGreaterThan(0);
  expect(text).toContain('<a class="zoom" href="/console/actions/charge">charge</a>');
  expect(text).toContain('<title>12:00: 60 by poll; 100 % missed</title>');
  expect(text).toMatch(/<details id="hour-numbers">(?!.*<section)/s);
  const csv = await visitor(http).get('/console/callbacks/hours.csv');
  expect(csv.text.split('\r\n')).toEqual([
    'hour,action_id,by_callback,by_poll,by_submit_response,timed_out,missed,called_back_later,skew_count,skew_p50_ms,skew_p95_ms,skew_max_ms,verdict',
    '2025-12-31T16:00:00.000Z,charge,300,0,0,0,0,0,0,,,,well',
    '2026-01-01T12:00:00.000Z,charge,0,60,0,0,60,0,0,,,,risen',
    '',
  ]);
});

test('a spreadsheet takes no action in the CSV file for a formula', async () => {
  const { http } = await open(now.map((one) => ({ ...one, actionId: '-2~cmd' })));
  await using _closed = http;
  const { text } = await visitor(http).get('/console/callbacks/hours.csv');
  expect(text).toContain("\r\n2026-01-01T12:00:00.000Z,'-2~cmd,0,60,");
});

test('while the first advice is being computed, the page states it and does not wait', async () => {
  await using http = await startHttp({ pages: { advice: () => null } });
  expect((await visitor(http).get('/console/callbacks')).text).toContain('The advice is being computed');
});
