// Rows that an administrator selects: a question with their exact number first, then the action on them and on no other row.

import { describe, expect, test } from 'vitest';
import { callback, completed } from '../../support/executions.ts';
import { ALICE_KEY, CAROL_KEY, type Harness, startHttp } from '../harness.ts';
import { running, visitor } from './visitor.ts';

const SELECTED = '/console/selected';
const BACK = ['back', '?actionId=charge-card'] as const;

/** Sends a form as a browser does. */
async function send(http: Harness, fields: readonly (readonly [string, string])[], key = ALICE_KEY) {
  const authorization = `Basic ${Buffer.from(`${key === ALICE_KEY ? 'alice' : 'carol'}:${key}`).toString('base64')}`;
  const response = await fetch(http.url + SELECTED, {
    method: 'POST',
    redirect: 'manual',
    headers: { authorization, accept: 'text/html', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])),
  });
  return { status: response.status, location: response.headers.get('location'), text: await response.text() };
}

/** Returns the hidden inputs of a question. */
function hiddenIn(text: string): [string, string][] {
  return [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(
    ([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')],
  );
}

const selecting = (action: string, ids: readonly string[]) => [
  ['action', action] as const,
  BACK,
  ...ids.map((id) => ['id', id] as const),
];

async function complete(http: Harness, correlationId: string): Promise<void> {
  const { reference = '' } = (await http.store.find(correlationId)) ?? {};
  await http.store.record(reference, callback(completed()), http.world.now());
}

const statusOf = async (http: Harness, correlationId: string) => (await http.store.find(correlationId))?.status;

test('a list has a checkbox for each row, and one form for them; readers have neither', async () => {
  await using http = await startHttp();
  for (const correlationId of ['one', 'two']) await running(http, { correlationId });
  const { text } = await visitor(http).get('/console/executions');
  expect([...text.matchAll(/type="checkbox" form="selection" name="id" value="(\w+)"/g)].map(([, id]) => id)).toEqual([
    'two',
    'one',
  ]);
  expect(text).toContain('<form method="post" action="/console/selected" id="selection"');
  expect((await visitor(http, 'carol').get('/console/executions')).text).not.toContain('selection');
});

test('the question states how many of the selected rows the action changes; it changes these and leads back', async () => {
  await using http = await startHttp();
  for (const correlationId of ['one', 'two', 'three', 'other']) await running(http, { correlationId });
  await complete(http, 'three');
  const asked = await send(http, selecting('cancel', ['one', 'two', 'three', 'none']));
  expect(asked.status).toBe(200);
  expect(asked.text).toContain(
    '2 executions of 4 selected rows. The others have ended, and stay as they are. 1 row cannot be found; the retention may have pruned them.',
  );
  expect(await statusOf(http, 'one')).toBe('PENDING');
  const done = await send(http, [...hiddenIn(asked.text), ['reason', 'ticket 4711']]);
  expect([done.status, done.location]).toEqual([
    303,
    '/console/executions?actionId=charge-card&done=cancel-all&count=2',
  ]);
  const states = await Promise.all(['one', 'two', 'three', 'other'].map((id) => statusOf(http, id)));
  expect(states).toEqual(['CANCELLED', 'CANCELLED', 'COMPLETED', 'PENDING']);
  const [line] = (await http.store.listActivity({ limit: 1 })).items;
  expect(line).toMatchObject({ action: 'cancel', by: 'operator:alice', reason: 'ticket 4711', matched: 2, changed: 2 });
  const activity = await visitor(http).get('/console/activity');
  expect(activity.text).toContain('4 selected executions:');
  expect(activity.text).toContain('<a href="/console/executions/one">one</a>');
});

test('selected executions are polled, and their content is erased after a count and with a reason', async () => {
  await using http = await startHttp();
  for (const correlationId of ['one', 'two']) await running(http, { correlationId });
  const polled = await send(http, selecting('poll', ['one']));
  expect((await send(http, hiddenIn(polled.text))).location).toContain('done=poll-all&count=1');
  expect((await http.store.find('one'))?.pollAt).toBe(http.world.now());
  await complete(http, 'one');
  const asked = await send(http, selecting('erase', ['one', 'two']));
  expect(asked.text).toContain('1 execution of 2 selected rows. 1 execution not ended');
  expect((await send(http, hiddenIn(asked.text))).status).toBe(422);
  const done = await send(http, [...hiddenIn(asked.text), ['reason', 'request of the customer']]);
  expect(done.text).toContain('The content of 1 execution is erased');
  expect([(await http.store.find('one'))?.erasedAt, (await http.store.find('two'))?.erasedAt]).toEqual([
    http.world.now(),
    null,
  ]);
});

test('selected notifications are replayed, and no others', async () => {
  await using http = await startHttp();
  const ids: string[] = [];
  for (const correlationId of ['one', 'two']) {
    await running(http, { correlationId, notifyUrl: 'https://hooks.example/x' });
    await complete(http, correlationId);
    const [notification] = (await http.store.listNotifications({ app: null, correlationId, limit: 1 })).items;
    ids.push(notification?.id ?? '');
    const gone = { type: 'gone', httpStatus: 410, latencyMs: 1, message: 'gone' } as const;
    await http.store.recordDelivery(ids.at(-1) ?? '', gone, http.world.now());
  }
  const asked = await send(http, [
    ['action', 'replay'],
    ['id', ids[0] ?? ''],
  ]);
  expect(asked.text).toContain('1 notification of 1 selected row.');
  const done = await send(http, hiddenIn(asked.text));
  expect(done.location).toBe('/console/notifications?done=replay-all&count=1');
  const states = await Promise.all(ids.map(async (id) => (await http.store.findNotification(id))?.status));
  expect(states).toEqual(['PENDING', 'DEAD']);
});

describe('what is refused', () => {
  test.for([
    ['no row', selecting('cancel', []), 'id is missing: select at least one row'],
    [
      'too many rows',
      selecting(
        'cancel',
        Array.from({ length: 201 }, (_, i) => `order-${i}`),
      ),
      'select at most 200',
    ],
    ['another action', selecting('reveal', ['one']), 'action must be poll, cancel, erase or replay'],
  ] as const)('%s', async ([, fields, detail]) => {
    await using http = await startHttp();
    const { status, text } = await send(http, fields);
    expect(status).toBe(422);
    expect(text).toContain(detail);
  });

  test('readers, and forms with the token of another operator or none from this page', async () => {
    await using http = await startHttp();
    await running(http, { correlationId: 'one' });
    expect((await send(http, selecting('cancel', ['one']), CAROL_KEY)).status).toBe(403);
    expect((await send(http, [...selecting('cancel', ['one']), ['token', 'x']])).status).toBe(403);
    expect(await statusOf(http, 'one')).toBe('PENDING');
  });

  test('200 rows with the longest ids are asked about and cancelled', async () => {
    await using http = await startHttp({ queueCapacity: 500 });
    const ids = Array.from({ length: 200 }, (_, i) => `${String(i).padStart(3, '0')}${'~'.repeat(125)}`);
    for (const correlationId of ids) await http.submit({ correlationId });
    const asked = await send(http, selecting('cancel', ids));
    expect(asked.text).toContain('200 executions of 200 selected rows.');
    expect((await send(http, hiddenIn(asked.text))).location).toContain('done=cancel-all&count=200');
  });
});
