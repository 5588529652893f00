// What open pages read: signals of changes, and the rows of a list that have changed.

import { expect, test } from 'vitest';
import { encodeCursor } from '../../../src/http/request/list-parameters.ts';
import { SIGNAL_MS } from '../../../src/usecases/follow-events/page-signals.ts';
import { callback, completed } from '../../support/executions.ts';
import { follow } from '../../support/sse.ts';
import { ALICE_KEY, CAROL_KEY, type Harness, ORDERS_KEY, startHttp } from '../harness.ts';
import { running, visitor } from './visitor.ts';

async function complete(http: Harness, correlationId: string): Promise<void> {
  const { reference = '' } = (await http.store.find(correlationId)) ?? {};
  await http.store.record(reference, callback(completed()), http.world.now());
}

const keyOf = async (http: Harness, correlationId: string) =>
  encodeCursor((await http.store.find(correlationId))?.reference ?? '');

test.for([ALICE_KEY, CAROL_KEY])(
  'operators and readers get a signal at once, and after each second with changes',
  async (key) => {
    await using http = await startHttp();
    await using stream = await follow(`${http.url}/console/signals?topic=executions`, key);
    await stream.until(() => stream.events.length === 1);
    await http.submit();
    await http.submit();
    await http.world.advance(SIGNAL_MS);
    await stream.until(() => stream.events.length === 2);
    expect(stream.events.map(({ event }) => event)).toEqual(['changed', 'changed']);
    expect(stream.headers.get('cache-control')).toBe('no-store, no-transform');
  },
);

test('apps and strangers get no signals, an unknown list is named, and HEAD leaves no stream open', async () => {
  await using http = await startHttp();
  const path = '/console/signals?topic=executions';
  expect((await http.call('GET', path, { key: ORDERS_KEY })).status).toBe(403);
  expect((await http.call('GET', path, { key: null })).status).toBe(401);
  const unknown = await http.call('GET', '/console/signals?topic=secrets', { key: ALICE_KEY });
  expect([unknown.status, unknown.json.errors[0].detail]).toEqual([
    422,
    'must be one of executions, notifications, activity',
  ]);
  expect((await http.call('HEAD', path, { key: ALICE_KEY })).status).toBe(200);
  expect(http.streams.size).toBe(0);
});

test('the rows from a place on come as they are now, with the number of matches above them', async () => {
  await using http = await startHttp();
  for (const correlationId of ['one', 'two']) await running(http, { correlationId });
  const shown = await keyOf(http, 'two');
  for (const correlationId of ['three', 'four']) await http.submit({ correlationId });
  await complete(http, 'two');
  const { text } = await visitor(http).get(`/console/executions?shown=${shown}`);
  expect(text).toContain('data-new="2" data-whole>');
  expect([...text.matchAll(/<a href="\/console\/executions\/(\w+)"/g)].map(([, id]) => id)).toEqual(['two', 'one']);
  expect(text).toContain('COMPLETED');
  expect(text).not.toContain('<form class="search"');
  const none = await visitor(http).get('/console/executions?shown=none&actionId=charge-card');
  expect(none.text).toContain('data-new="4"');
});

test('the place of another list is refused', async () => {
  await using http = await startHttp();
  for (const path of ['/console/executions?shown=x', '/console/notifications?shown=x', '/console/activity?shown=x']) {
    const { status, json } = await visitor(http).get(path);
    expect([path, status, json.errors]).toEqual([
      path,
      422,
      [{ pointer: '#/shown', detail: 'must be the place of a row of this list' }],
    ]);
  }
});

test('modules of the script are served to all, and no other file is', async () => {
  await using http = await startHttp();
  const { text } = await http.call('GET', '/console/script.js', { key: null });
  const modules = [...text.matchAll(/import '\.(\/scripts\/[\w-]+\.js)'/g)].map(([, path]) => `/console${path}`);
  expect(modules.length).toBeGreaterThan(1);
  for (const path of modules) {
    const module = await http.call('GET', path, { key: null });
    expect([path, module.status, module.headers.get('content-type')]).toEqual([
      path,
      200,
      'text/javascript; charset=utf-8',
    ]);
    for (const [, name] of module.text.matchAll(/(?:from |import\()'\.\/([\w-]+\.js)'/g)) {
      expect((await http.call('GET', `/console/scripts/${name}`, { key: null })).status).toBe(200);
    }
  }
  for (const name of ['style.css', '..%2fscript.js', 'constructor']) {
    expect((await http.call('GET', `/console/scripts/${name}`, { key: null })).status).toBe(404);
  }
});
