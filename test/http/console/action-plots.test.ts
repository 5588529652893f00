// The page of an action: its plots over a period that the URL has, the same values as CSV, and what it refuses.

import { expect, test } from 'vitest';
import { callback, completed, polled } from '../../support/executions.ts';
import { START } from '../../support/manual-world.ts';
import { dispatchAll, type Harness, startHttp } from '../harness.ts';
import { visitor } from './visitor.ts';

const HOUR = 3_600_000;
const PAGE = '/console/actions/charge-card';

async function submitted(http: Harness, correlationId: string): Promise<string> {
  await http.submit({ correlationId, graceSeconds: 20, timeoutSeconds: 40 });
  await dispatchAll(http);
  return (await http.store.find(correlationId))?.reference ?? '';
}

/** Two hours: in the first, one is called back after 2 s and one is found by a poll after 30 s; in the second, one is open. */
async function withTwoHours(): Promise<Harness> {
  const http = await startHttp({ queueCapacity: 10 });
  const [first, second] = [await submitted(http, 'one'), await submitted(http, 'two')];
  await http.store.record(first, callback(completed()), START + 2_000);
  await http.store.record(second, polled(completed()), START + 30_000);
  await http.world.advance(HOUR);
  await submitted(http, 'three');
  await http.world.advance(HOUR);
  return http;
}

/** The values of the columns of a plot that are not empty, by the title of the plot. */
function tooltips(text: string, plot: string): string[] {
  const [, figure = ''] = text.split(`<h3>${plot}</h3>`);
  const [own = ''] = figure.split('</figure>');
  return [...own.matchAll(/<title>([^<]*)<\/title>/g)].flatMap(([, title = '']) => title);
}

test('each action has its outcomes, run times and channels over time', async () => {
  await using http = await withTwoHours();
  const { text } = await visitor(http).get(`${PAGE}?from=2026-01-01&to=2026-01-04`);
  expect(text).toContain('3 executions submitted from');
  expect(tooltips(text, 'Outcomes').slice(0, 2)).toEqual(['01-01 00:00: 2 completed, 1 open', '01-01 02:00: none']);
  expect(tooltips(text, 'Run time').slice(0, 2)).toEqual([
    '01-01 00:00: median 2.0 s; half 2.0 s to 30 s; 90 % 2.0 s to 30 s; 2 outcomes',
    '01-01 02:00: no outcome from CXone',
  ]);
  expect(tooltips(text, 'Callbacks and polls')[0]).toBe('01-01 00:00: 1 by callback, 1 by poll');
});

test('grace period and deadline are drawn into the run times, and stated in words', async () => {
  await using http = await withTwoHours();
  const { text } = await visitor(http).get(`${PAGE}?range=week`);
  expect(text).toContain('>end of the grace period, 20 s</text>');
  expect(text).toContain('>deadline, 1.0 min</text>');
  expect(text).toContain('20 s of grace period and 40 s of polling');
  const other = await visitor(http).get('/console/actions/other?range=week');
  expect(other.text).not.toContain('deadline, ');
  expect(other.text).toContain('0 executions submitted');
});

test('the values are also a CSV file, a row for each step, of the same period', async () => {
  await using http = await withTwoHours();
  const page = await visitor(http).get(`${PAGE}?from=2026-01-01T00:00Z&to=2026-01-01T02:00Z`);
  const [, link = ''] = /<a href="([^"]*plots\.csv[^"]*)" download>CSV<\/a>/.exec(page.text) ?? [];
  const { status, headers, text } = await visitor(http).get(link.replaceAll('&amp;', '&'));
  expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
  expect(headers.get('content-disposition')).toBe('attachment; filename="charge-card.csv"');
  const [head = '', ...rows] = text.trimEnd().split('\r\n');
  const named = rows.map((row) =>
    Object.fromEntries(row.split(',').map((cell, index) => [head.split(',')[index], cell])),
  );
  expect(named).toHaveLength(60);
  expect(named[0]).toEqual({
    ...{ from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:02:00.000Z', submitted: '2', open: '0' },
    ...{ completed: '2', failed: '0', rejected: '0', not_found: '0', timed_out: '0', cancelled: '0' },
    ...{ by_callback: '1', by_poll: '1', by_submit_response: '0', by_time_out: '0', outcomes_from_cxone: '2' },
    ...{ run_time_p5_ms: '2000', run_time_p25_ms: '2000', run_time_p50_ms: '2000', run_time_p75_ms: '30000' },
    run_time_p95_ms: '30000',
  });
  expect(named[30]).toMatchObject({ from: '2026-01-01T01:00:00.000Z', submitted: '1', open: '1', run_time_p50_ms: '' });
});

test('without a script, links lead to the times around a period and to its executions', async () => {
  await using http = await withTwoHours();
  const { text } = await visitor(http).get(`${PAGE}?from=2026-01-01T00:00Z&to=2026-01-01T02:00Z`);
  const target = (name: string) =>
    new RegExp(`<a href="([^"]+)">${name}</a>`).exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const period = (name: string) => {
    const { searchParams } = new URL(target(name), http.url);
    return [searchParams.get('from'), searchParams.get('to')];
  };
  expect(period('Earlier')).toEqual(['2025-12-31T22:00:00.000Z', '2026-01-01T00:00:00.000Z']);
  expect(period('Later')).toEqual(['2026-01-01T02:00:00.000Z', '2026-01-01T04:00:00.000Z']);
  expect(period('Zoom in')).toEqual(['2026-01-01T00:30:00.000Z', '2026-01-01T01:30:00.000Z']);
  expect(period('Zoom out')).toEqual(['2025-12-31T23:00:00.000Z', '2026-01-01T03:00:00.000Z']);
  expect((await visitor(http).get(target('Zoom in'))).text).toContain('1 execution submitted from');
  const list = await visitor(http).get(target('List them'));
  for (const id of ['one', 'two', 'three']) expect(list.text).toContain(`/console/executions/${id}`);
});

test.for([
  ['range=century', 'range must be one of hour, day, week, month'],
  ['range=day&from=2026-01-01', 'range is a period up to now; leave out either it or from and to'],
  ['from=yesterday', '“yesterday” is not a time'],
  ['from=2026-01-02&to=2026-01-01', 'The period ends before it begins: it is from'],
  ['from=2027-01-01', 'must be before now'],
  ['from=2020-01-01', 'must be at most 90 days before now'],
  ['to=2026-01-01&to=2026-01-02', 'to is repeated; send it once'],
])('a period that cannot be shown is refused with the reason: %s', async ([query, reason]) => {
  await using http = await withTwoHours();
  for (const path of [PAGE, `${PAGE}/plots.csv`]) {
    const { status, text } = await visitor(http).get(`${path}?${query}`);
    expect([path, status]).toEqual([path, 422]);
    expect(text).toContain(reason);
  }
});

test('a name that no action can have is not found', async () => {
  await using http = await startHttp();
  for (const name of ['%00', 'a%2fb', 'x'.repeat(129)]) {
    const { status, text } = await visitor(http).get(`/console/actions/${name}`);
    expect([name, status]).toEqual([name, 404]);
    expect(text).toContain('No action has this name.');
  }
});

test('the list of actions, the overview and an execution lead to the page of an action', async () => {
  await using http = await withTwoHours();
  for (const path of ['/console/actions', '/?range=day', '/console/executions/one']) {
    expect([path, (await visitor(http).get(path)).text.includes(`href="${PAGE}"`)]).toEqual([path, true]);
  }
});
