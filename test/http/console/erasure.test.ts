// Erasing and holding from a page: asked first, with a reason, and for many only if the count that was shown still matches.

import { expect, test } from 'vitest';
import { type Harness, startHttp } from '../harness.ts';
import { visitor } from './visitor.ts';

const PAGE = '/console/executions/one';
const fields = { reason: 'Art. 17 GDPR, request 4711' };

async function cancelled(http: Harness, correlationId: string): Promise<void> {
  await http.submit({ correlationId, inputs: { who: 'Ada' } });
  await http.call('POST', `/v1/executions/${correlationId}/cancel`);
}

test('one execution is erased after a question and with a reason; the page names what may still hold its content', async () => {
  await using http = await startHttp();
  await cancelled(http, 'one');
  const asked = await visitor(http).get(`${PAGE}/erase`);
  expect(asked.text).toContain('Erase the content of this execution?');
  expect(asked.text).toMatch(/<input id="reason" name="reason" required/);
  const without = await visitor(http).post(`${PAGE}/erase`, { fields: { reason: ' ' } });
  expect([without.status, await without.text()]).toEqual([422, expect.stringContaining('must be a text of 1 to 500')]);
  expect(await http.store.find('one')).toMatchObject({ erasedAt: null });
  const done = await visitor(http).post(`${PAGE}/erase`, { fields });
  expect([done.status, await done.text()]).toEqual([200, expect.stringContaining('/exports/')]);
  const trail = await http.store.trail('one');
  expect(trail.at(-1)).toMatchObject({ event: 'ERASED', detail: { by: 'operator:alice', ...fields } });
  const after = await visitor(http).get(PAGE);
  expect(after.text).toContain('Content erased');
  expect(after.text).toContain('erased its content');
  expect(after.text).not.toContain('Ada');
  expect(after.text).not.toContain('id="erase"');
});

test('a held execution offers its release instead of an erasure', async () => {
  await using http = await startHttp();
  await cancelled(http, 'one');
  const held = await visitor(http).post(`${PAGE}/hold`, { fields });
  expect([held.status, held.headers.get('location')]).toEqual([303, `${PAGE}?done=hold`]);
  const page = await visitor(http).get(`${PAGE}?done=hold`);
  expect(page.text).toContain('role="status">The execution is held.');
  expect(page.text).toContain('Held since');
  expect(page.text).not.toContain('id="erase"');
  const refused = await visitor(http).post(`${PAGE}/erase`, { fields });
  expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining('Release it first')]);
  expect((await visitor(http).post(`${PAGE}/release`, { fields })).status).toBe(303);
  expect((await visitor(http).get(PAGE)).text).toContain('id="erase"');
});

test('all that match are erased if their number is still the one that was shown', async () => {
  await using http = await startHttp();
  const path = '/console/all/erase?text=ada';
  for (const id of ['one', 'two']) await cancelled(http, id);
  await http.submit({ correlationId: 'open', inputs: { who: 'Ada' } });
  const asked = await visitor(http).get(path);
  expect(asked.text).toContain('Yes, erase 2 executions');
  expect(asked.text).toContain('1 execution not ended');
  await cancelled(http, 'three');
  const late = await visitor(http).post(path, { fields: { ...fields, confirm: '2' } });
  expect([late.status, await late.text()]).toEqual([409, expect.stringContaining('3 match now')]);
  expect((await visitor(http).post(path, { fields })).status).toBe(409);
  const done = await visitor(http).post(path, { fields: { ...fields, confirm: '3' } });
  expect([done.status, await done.text()]).toEqual([200, expect.stringContaining('of 3 executions is erased')]);
  expect(await http.store.find('open')).toMatchObject({ erasedAt: null });
  expect((await visitor(http).get('/console/all/erase?status=OPEN')).status).toBe(422);
});

test('more than a short count reaches are counted on request only, and erased after it', async () => {
  const limits: number[] = [];
  await using http = await startHttp({
    store: {
      countMatches: async ({ limit }) => {
        limits.push(limit);
        return { count: limit, isWhole: false };
      },
    },
  });
  await cancelled(http, 'one');
  const asked = await visitor(http).get('/console/all/erase?status=CANCELLED');
  expect(asked.text).not.toContain('id="yes"');
  const [, whole = ''] =
    />At least 200 executions \(<a href="([^"]+)">count all of them<\/a>\) of: status CANCELLED</.exec(asked.text) ??
    [];
  expect([whole, limits]).toEqual(['?status=CANCELLED&amp;counted=all', [200]]);
  const path = `/console/all/erase${whole.replaceAll('&amp;', '&')}`;
  expect((await visitor(http).get(path)).text).toContain('Yes, erase 1 execution');
  const done = await visitor(http).post(path, { fields: { ...fields, confirm: '1' } });
  expect([done.status, await done.text()]).toEqual([200, expect.stringContaining('of 1 execution is erased')]);
  expect(limits).toHaveLength(1);
});

test('readers are refused, and so are forms without the token of the page', async () => {
  await using http = await startHttp();
  await cancelled(http, 'one');
  for (const action of ['erase', 'hold', 'release']) {
    expect((await visitor(http, 'carol').get(`${PAGE}/${action}`)).status).toBe(403);
    expect((await visitor(http).post(`${PAGE}/${action}`, { token: null, fields })).status).toBe(403);
  }
  expect(await http.store.find('one')).toMatchObject({ heldAt: null, erasedAt: null });
  expect((await visitor(http).post('/console/executions/unknown/erase', { token: null, fields })).status).toBe(403);
  expect((await visitor(http).get('/console/executions/unknown/erase')).status).toBe(404);
});
