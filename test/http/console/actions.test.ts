// What administrators change from a page: asked first, done in their name, and never because another site wants it.

import { describe, expect, test } from 'vitest';
import { createCsrfTokens } from '../../../src/http/console/csrf-tokens.ts';
import { callback, completed } from '../../support/executions.ts';
import { createPausedControl } from '../../support/pause.ts';
import { ALICE_KEY, CALLBACK_SECRET, type Harness, startHttp } from '../harness.ts';
import { running, visitor } from './visitor.ts';

const CANCEL = '/console/executions/one/cancel';
const NOTIFIED = { notifyUrl: 'https://hooks.example/executions' };

async function trailOf(http: Harness, correlationId: string) {
  return (await http.store.trail(correlationId)).map(({ event, detail }) => `${event} ${detail['by'] ?? ''}`.trim());
}

/** A notification that is given up. */
async function dead(http: Harness, correlationId: string): Promise<string> {
  await running(http, { correlationId, ...NOTIFIED });
  const { reference = '' } = (await http.store.find(correlationId)) ?? {};
  await http.store.record(reference, callback(completed()), http.world.now());
  const { items } = await http.store.listNotifications({ app: null, correlationId, limit: 1 });
  const id = items[0]?.id ?? '';
  const event = { type: 'gone', httpStatus: 410, latencyMs: 1, message: 'gone' } as const;
  await http.store.recordDelivery(id, event, http.world.now());
  return id;
}

test('a cancel is confirmed, done by a form, reported on the page, and audited with the name', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  const asked = await visitor(http).get(CANCEL);
  expect(asked.text).toContain('Cancel this execution?');
  expect((await http.store.find('one'))?.status).toBe('PENDING');
  const done = await visitor(http).post(CANCEL);
  expect([done.status, done.headers.get('location')]).toEqual([303, '/console/executions/one?done=cancel']);
  expect(await trailOf(http, 'one')).toContain('CANCELLED operator:alice');
  const after = await visitor(http).get('/console/executions/one?done=cancel');
  expect(after.text).toContain('role="status">The execution is cancelled.');
  expect(after.text).not.toContain('/cancel"');
});

test('a pause is lifted after a question, by administrators only', async () => {
  await using http = await startHttp({ controls: createPausedControl() });
  const asked = await visitor(http).get('/console/pause/lift');
  expect(asked.text).toContain('CXone answered 429 to the execute request of');
  const done = await visitor(http).post('/console/pause/lift');
  expect([done.status, done.headers.get('location')]).toEqual([303, '/?done=lift-pause']);
  const after = await visitor(http).get('/?done=lift-pause');
  expect(after.text).toContain('role="status">Requests to CXone are sent again.');
  expect(after.text).not.toContain('class="warnings"');
  expect((await visitor(http, 'carol').get('/console/pause/lift')).status).toBe(403);
});

test('a poll is asked about, requested, and audited with the name', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  expect((await visitor(http).post('/console/executions/one/poll')).status).toBe(303);
  expect((await http.store.find('one'))?.pollAt).toBe(http.world.now());
  expect(await trailOf(http, 'one')).toContain('POLL_REQUESTED operator:alice');
});

test('what cannot be polled any more says why', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'one' });
  const token = await visitor(http).token('/console/executions/one/poll');
  await visitor(http).post(CANCEL);
  const late = await visitor(http).post('/console/executions/one/poll', { token });
  expect(late.status).toBe(409);
  expect(await late.text()).toContain('It has ended');
});

test('all that a search finds is polled or cancelled at once, and nothing else', async () => {
  await using http = await startHttp({ queueCapacity: 20 });
  await running(http, { correlationId: 'one', actionId: 'charge' });
  await running(http, { correlationId: 'two', actionId: 'charge' });
  await running(http, { correlationId: 'other', actionId: 'look-up' });
  const path = '/console/all/cancel?actionId=charge';
  expect((await visitor(http).get(path)).text).toContain('2 executions of: actionId charge');
  const done = await visitor(http).post(path);
  expect(done.headers.get('location')).toBe('/console/executions?actionId=charge&done=cancel-all&count=2');
  expect(await trailOf(http, 'two')).toContain('CANCELLED operator:alice');
  expect((await http.store.find('other'))?.status).toBe('PENDING');
  const polled = await visitor(http).post('/console/all/poll?status=&actionId=look-up');
  expect(polled.headers.get('location')).toBe('/console/executions?actionId=look-up&done=poll-all&count=1');
  expect((await visitor(http).get(polled.headers.get('location') ?? '')).text).toContain(
    '1 execution is being polled.',
  );
});

test('what comes after the question is left out, although it matches', async () => {
  await using http = await startHttp({ queueCapacity: 20 });
  await running(http, { correlationId: 'asked', actionId: 'charge' });
  const path = '/console/all/cancel?actionId=charge';
  const token = await visitor(http).token(path);
  await http.world.advance(5);
  await running(http, { correlationId: 'later', actionId: 'charge' });
  const done = await visitor(http).post(path, { token });
  expect(done.headers.get('location')).toBe('/console/executions?actionId=charge&done=cancel-all&count=1');
  expect((await http.store.find('later'))?.status).toBe('PENDING');
  expect((await http.store.find('asked'))?.status).toBe('CANCELLED');
});

test('notifications that are created after the question are not replayed', async () => {
  await using http = await startHttp({ queueCapacity: 20 });
  await dead(http, 'asked');
  const path = '/console/all/replay?status=DEAD';
  const token = await visitor(http).token(path);
  await http.world.advance(5);
  const later = await dead(http, 'later');
  const done = await visitor(http).post(path, { token });
  expect(done.headers.get('location')).toBe('/console/notifications?status=DEAD&done=replay-all&count=1');
  expect((await http.store.findNotification(later))?.status).toBe('DEAD');
});

test('the question states the exact number of more executions than one reading has', async () => {
  await using http = await startHttp({ queueCapacity: 500 });
  const executions = Array.from({ length: 260 }, () => ({ actionId: 'charge' }));
  await http.call('POST', '/v1/executions/batch', { body: { executions } });
  expect((await visitor(http).get('/console/all/cancel?actionId=charge')).text).toContain('>260 executions of:');
  const done = await visitor(http).post('/console/all/cancel?actionId=charge&counted=all');
  expect(done.headers.get('location')).toBe('/console/executions?actionId=charge&done=cancel-all&count=260');
});

test('a question counts for a short time only, and the whole number is a click away', async () => {
  const scans: (number | undefined)[] = [];
  await using http = await startHttp({
    store: {
      // More than one reading has, and more than a short count reaches.
      list: async ({ scanMs }) => {
        scans.push(scanMs);
        return { items: [], next: '019c1405-7a00-7000-8000-000000000001' };
      },
      countMatches: async ({ scanMs = 0 }) => {
        scans.push(scanMs);
        return scanMs > 1_000 ? { count: 400_000, isWhole: true } : { count: 12_000, isWhole: false };
      },
    },
  });
  const path = '/console/all/cancel?actionId=charge';
  const { text } = await visitor(http).get(path);
  expect(scans).toHaveLength(2);
  expect(scans.reduce((sum = 0, scanMs = 1_000) => sum + scanMs)).toBeLessThanOrEqual(50);
  const [, whole = ''] =
    />At least 12,000 executions \(<a href="([^"]+)">count all of them<\/a>\) of:/.exec(text) ?? [];
  expect(whole).toBe('?actionId=charge&amp;counted=all');
  const counted = await visitor(http).get(`/console/all/cancel${whole.replaceAll('&amp;', '&')}`);
  expect(counted.text).toContain('>400,000 executions of: actionId charge<');
});

test('what has ended cannot be chosen to be cancelled', async () => {
  await using http = await startHttp();
  const { status, text } = await visitor(http).get('/console/all/cancel?status=COMPLETED');
  expect(status).toBe(422);
  expect(text).toContain('what has ended stays as it is');
});

test('one notification or all that a search finds are sent again, audited with the name', async () => {
  await using http = await startHttp();
  const id = await dead(http, 'one');
  const statusOf = async (notification: string) => (await http.store.findNotification(notification))?.status;
  expect(await statusOf(id)).toBe('DEAD');
  expect((await visitor(http).get('/console/notifications?status=DEAD')).text).toContain(
    `/console/notifications/${id}/replay`,
  );
  expect((await visitor(http).post(`/console/notifications/${id}/replay`)).status).toBe(303);
  expect(await statusOf(id)).toBe('PENDING');
  expect(await trailOf(http, 'one')).toContain('NOTIFICATION_REPLAYED operator:alice');

  const others = [await dead(http, 'two'), await dead(http, 'three')];
  const all = await visitor(http).post('/console/all/replay?status=DEAD');
  expect(all.headers.get('location')).toBe('/console/notifications?status=DEAD&done=replay-all&count=2');
  for (const other of others) expect(await statusOf(other)).toBe('PENDING');
});

describe('nobody else can press a button', () => {
  const FROM_ELSEWHERE: readonly Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  ];

  test('a form of another site changes nothing, even with a token', async () => {
    await using http = await startHttp();
    await running(http, { correlationId: 'one' });
    const token = await visitor(http).token(CANCEL);
    for (const headers of FROM_ELSEWHERE) {
      expect((await visitor(http).post(CANCEL, { token, headers })).status).toBe(403);
    }
    expect((await http.store.find('one'))?.status).toBe('PENDING');
  });

  test('a form without a token, with one that is made up, too old or of somebody else changes nothing', async () => {
    await using http = await startHttp();
    await running(http, { correlationId: 'one' });
    const old = await visitor(http).token(CANCEL);
    const ofBob = createCsrfTokens([CALLBACK_SECRET], http.world).mint('operator:bob');
    for (const token of [null, '', 'x', ofBob, `${http.world.now()}.${'A'.repeat(43)}`]) {
      expect((await visitor(http).post(CANCEL, { token })).status).toBe(403);
    }
    await http.world.advance(13 * 60 * 60 * 1000);
    const late = await visitor(http).post(CANCEL, { token: old });
    expect(late.status).toBe(403);
    expect(await late.text()).toContain('has expired');
    expect((await http.store.find('one'))?.status).toBe('PENDING');
  });

  test('a reader is refused, on the question and on the form alike', async () => {
    await using http = await startHttp();
    await running(http, { correlationId: 'one' });
    const token = await visitor(http).token(CANCEL);
    const paths = [
      CANCEL,
      '/console/executions/one/poll',
      '/console/all/cancel',
      '/console/all/poll',
      '/console/all/replay',
      '/console/executions/one/reveal',
    ];
    for (const path of paths) {
      if (!path.endsWith('reveal')) expect((await visitor(http, 'carol').get(path)).status).toBe(403);
      const answer = await visitor(http, 'carol').post(path, { token });
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain('key of an administrator');
    }
    expect((await http.store.find('one'))?.status).toBe('PENDING');
  });

  test('the API cannot bypass it: with the password that a browser adds, other sites are refused', async () => {
    await using http = await startHttp();
    await running(http, { correlationId: 'one' });
    const authorization = `Basic ${Buffer.from(`alice:${ALICE_KEY}`).toString('base64')}`;
    const cancel = (headers: Record<string, string>) =>
      http.call('POST', '/v1/executions/one/cancel', { key: null, headers: { authorization, ...headers } });
    for (const headers of [...FROM_ELSEWHERE, { origin: 'https://evil.example' }, { origin: 'null' }]) {
      const refused = await cancel(headers);
      expect([refused.status, refused.json.type]).toEqual([403, 'urn:cxone-callback-receiver:problem:forbidden']);
    }
    expect((await http.store.find('one'))?.status).toBe('PENDING');
    // Programs say neither, and our own page says that it is ours.
    expect((await cancel({})).status).toBe(200);
    expect((await cancel({ origin: http.url })).status).toBe(200);
    expect((await cancel({ 'sec-fetch-site': 'same-origin', origin: 'https://behind.a.proxy' })).status).toBe(200);
  });

  test('a bearer key is added by no browser, so it is asked for nothing else', async () => {
    await using http = await startHttp();
    await running(http, { correlationId: 'one' });
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' };
    expect((await http.call('POST', '/v1/executions/one/cancel', { headers })).status).toBe(200);
  });
});
