// Pausing, resuming and submitting again from the pages: asked first, shown in red on every page, done in the operator's name.

import { expect, test } from 'vitest';
import { callback, completed } from '../../support/executions.ts';
import { startHttp } from '../harness.ts';
import { running, visitor } from './visitor.ts';

const PAUSE = '/console/pauses/pause?actionId=charge-card';
const RESUME = '/console/pauses/resume?actionId=charge-card';

test('a pause is asked about, then shown on every page with who, when, why and what waits, until it is lifted', async () => {
  await using http = await startHttp();
  await http.submit({ correlationId: 'waits' });
  const asked = await visitor(http).get(PAUSE);
  expect(asked.text).toContain('Pause sending of action charge-card?');
  expect(asked.text).toContain('waits in the queue for 5.0 min in all ends with TIMEOUT');
  const done = await visitor(http).post(PAUSE, { fields: { reason: 'charges <twice>' } });
  expect([done.status, done.headers.get('location')]).toEqual([303, '/console/pauses?done=pause']);
  const pages = [
    '/',
    '/console/executions',
    '/console/executions/waits',
    '/console/notifications',
    '/console/callbacks',
  ];
  for (const page of [...pages, '/console/activity', '/console/pauses?done=pause', '/console/executions/none', PAUSE]) {
    for (const who of ['alice', 'carol'] as const) {
      const { text } = await visitor(http, who).get(page);
      expect({
        page,
        who,
        shown: text.includes('<strong>Sending is paused: action charge-card.</strong> By alice, since'),
      }).toEqual({ page, who, shown: true });
      expect(text).toContain('<q>charges &lt;twice&gt;</q>');
      expect(text).toContain('1 execution waits.');
      expect(text.includes('href="/console/pauses/resume?actionId=charge-card"')).toBe(who === 'alice');
    }
  }
  expect((await visitor(http).get('/console/pauses?done=pause')).text).toContain('role="status">Sending is paused.');
  const resumed = await visitor(http).post(RESUME, { fields: { reason: 'well again' } });
  expect(resumed.headers.get('location')).toBe('/console/pauses?done=resume');
  const after = await visitor(http).get('/console/pauses?done=resume');
  expect(after.text).toContain('role="status">Sending is resumed.');
  expect(after.text).not.toContain('Sending is paused:');
  const activity = (await visitor(http).get('/console/activity')).text;
  for (const words of ['paused sending', 'resumed sending', 'charges &lt;twice&gt;', 'well again']) {
    expect(activity).toContain(words);
  }
});

test('more pauses than fit are counted, and the page of pauses has all of them', async () => {
  await using http = await startHttp();
  for (const actionId of ['a', 'b', 'c', 'd']) await visitor(http).post(`/console/pauses/pause?actionId=${actionId}`);
  await visitor(http).post('/console/pauses/pause?app=billing');
  const { text } = await visitor(http).get('/console/pauses');
  expect(text.match(/<strong>Sending is paused/g)).toHaveLength(3);
  expect(text).toContain('<a href="/console/pauses">2 more pauses</a>');
  for (const scope of ['action a', 'action b', 'action c', 'action d', 'app billing']) {
    expect(text).toContain(`<th scope="row">${scope}</th>`);
  }
});

test('all executions are paused and resumed, and a scope that is not one is explained', async () => {
  await using http = await startHttp();
  expect((await visitor(http).get('/console/pauses/pause?all=true')).text).toContain(
    'Pause sending of all executions?',
  );
  expect((await visitor(http).post('/console/pauses/pause?all=true')).status).toBe(303);
  expect(await http.store.sendingPauses()).toMatchObject([{ app: null, actionId: null }]);
  const wrong = await visitor(http).get('/console/pauses/pause');
  expect([wrong.status, wrong.text.includes('must have exactly one of actionId, app')]).toEqual([422, true]);
  expect((await visitor(http, 'carol').get('/console/pauses/pause?all=true')).status).toBe(403);
});

test('the page of an action leads administrators to its pause, until it is paused', async () => {
  await using http = await startHttp();
  const page = async (who: 'alice' | 'carol') => (await visitor(http, who).get('/console/actions/charge-card')).text;
  expect(await page('alice')).toContain(`href="${PAUSE}">Pause this action…`);
  expect(await page('carol')).not.toContain('Pause this action');
  await visitor(http).post(PAUSE);
  expect(await page('alice')).not.toContain('Pause this action');
});

test("a paused execution's page states why it waits, since when, and when it times out", async () => {
  await using http = await startHttp();
  await visitor(http).post(PAUSE, { fields: { reason: 'ticket 4711' } });
  await http.world.advance(60_000);
  await http.submit({ correlationId: 'waits' });
  await http.submit({ correlationId: 'free', actionId: 'look-up' });
  const { text } = await visitor(http).get('/console/executions/waits');
  expect(text).toMatch(
    /It waits since <time datetime="2026-01-01T00:01:00.000Z">.*because sending of\naction charge-card is paused\./,
  );
  expect(text).toMatch(/Next: time out at <time datetime="2026-01-01T00:06:00.000Z">/);
  const free = (await visitor(http).get('/console/executions/free')).text;
  expect([free.includes('It waits since'), free.includes('Next: send ')]).toEqual([false, true]);
});

test('an ended execution is submitted again after a warning, and both pages link to each other', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'old' });
  expect((await visitor(http).get('/console/executions/old')).text).not.toContain('/resubmit"');
  await http.call('POST', '/v1/executions/old/cancel');
  expect((await visitor(http).get('/console/executions/old')).text).toContain('/console/executions/old/resubmit"');
  expect((await visitor(http, 'carol').get('/console/executions/old')).text).not.toContain('/resubmit"');
  const path = '/console/executions/old/resubmit';
  const asked = await visitor(http).get(path);
  expect(asked.text).toContain('The old execution may have run at CXone.');
  expect(asked.text).toContain('Yes, submit it again although it may have run');
  const token = await visitor(http).token(path);
  const clicks = await Promise.all(
    [1, 2].map(() => visitor(http).post(path, { token, fields: { reason: 'ticket 1' } })),
  );
  const places = new Set(clicks.map(({ headers }) => headers.get('location')));
  const { resubmittedAs } = (await http.store.find('old')) ?? {};
  expect([...places]).toEqual([`/console/executions/${resubmittedAs}?done=resubmit`]);
  const created = (await visitor(http).get([...places][0] ?? '')).text;
  expect(created).toContain('role="status">This is the new execution.');
  expect(created).toContain('<dt>Repeats</dt><dd><a href="/console/executions/old">old</a></dd>');
  const old = (await visitor(http).get('/console/executions/old')).text;
  expect(old).toContain(`<dt>Submitted again as</dt><dd><a href="/console/executions/${resubmittedAs}">`);
  expect(old).toContain('had it submitted again as a new execution');
  expect(old).not.toContain('/resubmit"');
});

test('what was never sent has no warning, and what has lost its inputs is refused in words', async () => {
  await using http = await startHttp();
  await http.submit({ correlationId: 'unsent' });
  await http.call('POST', '/v1/executions/unsent/cancel');
  const path = '/console/executions/unsent/resubmit';
  const asked = (await visitor(http).get(path)).text;
  expect([asked.includes('It was never sent to CXone.'), asked.includes('may have run')]).toEqual([true, false]);
  const token = await visitor(http).token(path);
  const { reference = '' } = (await http.store.find('unsent')) ?? {};
  await http.store.erase(reference, { by: 'operator:alice', reason: 'art. 17' }, http.world.now());
  const refused = await visitor(http).post(path, { token });
  expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining('Its inputs were erased')]);
});

test('the question before another submission is asked only where it can be answered with yes', async () => {
  await using http = await startHttp();
  await running(http, { correlationId: 'open' });
  await running(http, { correlationId: 'completed' });
  const { reference = '' } = (await http.store.find('completed')) ?? {};
  await http.store.record(reference, callback(completed()), http.world.now());
  const question = (id: string) => visitor(http).get(`/console/executions/${id}/resubmit`);
  for (const [id, reason] of [
    ['open', 'It has not ended: it is PENDING. Wait for its end, or cancel it first.'],
    ['completed', 'It is COMPLETED: it has a result.'],
  ] as const) {
    const { status, text } = await question(id);
    expect([status, text]).toEqual([409, expect.stringContaining(reason)]);
    expect(text).not.toContain('name="token"');
  }
  await http.call('POST', '/v1/executions/open/cancel');
  expect((await question('open')).status).toBe(200);
});
