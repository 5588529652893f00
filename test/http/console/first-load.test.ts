// What a browser receives at the first load of lists and of the pages with plots: page, style and scripts together.

import { expect, test } from 'vitest';
import { createChannelCounts } from '../../../src/stats/callback-health/channels.ts';
import { healthOf, missingIn } from '../../../src/stats/callback-health/health.ts';
import { adviceFor } from '../../../src/stats/timing-advice/advice.ts';
import type { Observation } from '../../../src/store/observations-port.ts';
import type { Course, CourseGroup, CourseQuery } from '../../../src/store/rollups-port.ts';
import { callback, failed } from '../../support/executions.ts';
import { type Harness, startHttp } from '../harness.ts';
import { running, visitor } from './visitor.ts';

const MAX_BYTES = 60_000;
const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 0, 1, 12);

/** Every step has outcomes of each kind. */
function fullCourse({ from, to, stepMs }: CourseQuery): Course {
  const ats = Array.from({ length: (to - from) / stepMs }, (_, index) => from + index * stepMs);
  const outcomes = ats.flatMap((at): CourseGroup[] => [
    { at, status: 'COMPLETED', resolvedBy: 'callback', sent: 1, ms: 1_234, count: 1_234 },
    { at, status: 'COMPLETED', resolvedBy: 'poll', sent: 1, ms: 12_345, count: 123 },
    { at, status: 'FAILED', resolvedBy: 'submit', sent: 1, ms: 123, count: 12 },
    { at, status: 'TIMEOUT', resolvedBy: 'deadline', sent: 1, ms: 0, count: 12 },
    { at, status: 'CANCELLED', resolvedBy: 'cancel', sent: 1, ms: 0, count: 1 },
  ]);
  const timing = { graceSeconds: 10, timeoutSeconds: 30 };
  return { accepted: ats.map((at) => ({ at, count: 1_400 })), outcomes, timing };
}

/** Twenty actions that are used in every hour of a day. */
function fullDay() {
  const book = createChannelCounts();
  const actions = Array.from({ length: 20 }, (_, index) => `look-up-customer-${index}`);
  for (const actionId of actions) {
    for (let hour = NOON - 24 * HOUR; hour < NOON; hour += HOUR) {
      const one = { actionId, hour, missed: false, calledBackLater: false, skewMs: null };
      book.add({ ...one, channel: 'callback', count: 1_234 });
      book.add({ ...one, channel: 'poll', missed: true, calledBackLater: true, skewMs: 1_234, count: 123 });
      book.add({ ...one, channel: 'timeout', missed: true, count: 12 });
    }
  }
  const counts = book.all();
  return {
    actions,
    health: { ...healthOf({ counts, missing: missingIn(counts) }, NOON - 24 * HOUR, NOON), countedFrom: null },
  };
}

const observed = Array.from({ length: 300 }, (_, index): Observation => {
  const sentAt = NOON - 5 * HOUR + index * 1_000;
  return {
    ...{ actionId: 'any', status: 'COMPLETED', resolvedBy: 'callback', sentAt, resolvedAt: sentAt + 15_000 },
    ...{ graceSeconds: 10, timeoutSeconds: 30, pollCount: 1, pollable: true, calledBackAt: sentAt + 15_000 },
    foundAt: null,
  };
});

/** The bytes of the page, and of all that it loads as a browser asks for it. */
async function firstLoad(http: Harness, path: string): Promise<number> {
  const { text } = await visitor(http).get(path);
  const linked = [...text.matchAll(/<(?:script src|link [^>]*href)="([^"]+)"/g)].map(([, asset = '']) => asset);
  const assets = new Set(linked);
  let bytes = Buffer.byteLength(text);
  // The set grows while it is read: a script imports others.
  for (const asset of assets) {
    const headers = { 'accept-encoding': 'gzip' };
    const response = await http.call('GET', asset, { key: null, headers });
    bytes += Number(response.headers.get('content-length') ?? Number.NaN);
    for (const [, imported = ''] of response.text.matchAll(/^import (?:.* from )?'([^']+)';$/gm)) {
      assets.add(new URL(imported, `http://receiver${asset}`).pathname);
    }
  }
  expect(linked.length).toBeGreaterThanOrEqual(3);
  expect(assets.size).toBeGreaterThan(linked.length + 2);
  return bytes;
}

test.for(['hour', 'day', 'week', 'month'])(
  'the plots of an action with every outcome in every step: %s',
  async (range) => {
    await using http = await startHttp({ store: { course: async (query) => fullCourse(query) } });
    const bytes = await firstLoad(http, `/console/actions/look-up-customer?range=${range}`);
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(MAX_BYTES);
  },
);

test('callbacks of twenty actions, with advice for each', async () => {
  const { actions, health } = fullDay();
  const advice = actions.map((actionId) => adviceFor(actionId, observed, { intervalMs: 2_000, now: NOON }));
  await using http = await startHttp({ pages: { health: async () => health, advice: () => advice } });
  const bytes = await firstLoad(http, '/console/callbacks');
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThan(MAX_BYTES);
});

test('lists of fifty rows, with long errors and endpoints', async () => {
  await using http = await startHttp({ queueCapacity: 100 });
  for (let i = 0; i < 50; i += 1) {
    const correlationId = `order-${1_000_000 + i}`;
    const notifyUrl = `https://hooks.shop.example/v1/executions/${i}`;
    await running(http, { correlationId, actionId: 'look-up-customer', notifyUrl });
    const { reference = '' } = (await http.store.find(correlationId)) ?? {};
    await http.store.record(reference, callback(failed({ code: 'E-77', message: 'x'.repeat(300) })), http.world.now());
    const [one] = (await http.store.listNotifications({ app: null, correlationId, limit: 1 })).items;
    const gone = { type: 'gone', httpStatus: 410, latencyMs: 1, message: 'the endpoint answered 410 Gone' } as const;
    await http.store.recordDelivery(one?.id ?? '', gone, http.world.now());
  }
  for (const path of ['/console/executions', '/console/notifications']) {
    const bytes = await firstLoad(http, path);
    expect([path, bytes > 20_000, Math.max(bytes, MAX_BYTES)]).toEqual([path, true, MAX_BYTES]);
  }
});
