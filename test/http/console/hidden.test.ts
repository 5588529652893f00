// Values that operators should not see by the way: hidden by name, shown on request, and the log says to whom.

import { expect, test } from 'vitest';
import { createMasking, HIDDEN } from '../../../src/execution/masking.ts';
import { dispatchAll, type Harness, startHttp } from '../harness.ts';
import { visitor } from './visitor.ts';

const PAGE = '/console/executions/one';
const REVEAL = `${PAGE}/reveal`;

async function withCard(http: Harness): Promise<void> {
  const inputs = {
    cardNumber: '4111111111111111',
    buyer: { CVV: 123, name: 'Ann' },
    list: [{ cvv: { deep: 'secret-in-depth' } }],
  };
  await http.submit({ correlationId: 'one', inputs });
  await dispatchAll(http);
  const { reference = '' } = (await http.store.find('one')) ?? {};
  const message = 'no good: cardNumber=4111111111111111';
  await http.store.record(
    reference,
    { type: 'poll-failed', message, nextPollAt: 0, httpStatus: 500, latencyMs: 1 },
    http.world.now(),
  );
  const body = { bytes: new TextEncoder().encode('garbled 4111111111111111'), contentType: 'text/plain' };
  await http.store.record(reference, { type: 'callback-unreadable', reason: 'no JSON', body }, http.world.now());
}

test('without names everything is shown, raw callbacks too', async () => {
  await using http = await startHttp();
  await withCard(http);
  const { text } = await visitor(http).get(PAGE);
  expect(text).toContain('&quot;cardNumber&quot;: &quot;4111111111111111&quot;');
  expect(text).toContain('garbled 4111111111111111');
  expect(text).not.toContain('Some values are hidden');
});

test('a page on which nothing is hidden does not say that something is', async () => {
  await using http = await startHttp({ pages: { sensitiveFields: ['cardNumber', 'cvv'] } });
  await http.submit({ correlationId: 'one', inputs: { order: 7, buyers: [{ name: 'Ann' }] } });
  for (const who of ['alice', 'carol'] as const) {
    expect((await visitor(http, who).get(PAGE)).text).not.toContain('Some values are hidden');
  }
  await http.submit({ correlationId: 'two', inputs: { buyers: [{ CVV: 1 }] } });
  for (const who of ['alice', 'carol'] as const) {
    expect((await visitor(http, who).get('/console/executions/two')).text).toContain('Some values are hidden');
  }
});

test('values of these names are hidden wherever they stand: in payloads, in words of CXone, in raw callbacks', async () => {
  await using http = await startHttp({ pages: { sensitiveFields: ['cardNumber', 'cvv'] } });
  await withCard(http);
  for (const who of ['alice', 'carol'] as const) {
    const { text } = await visitor(http, who).get(PAGE);
    expect(text).not.toMatch(/4111|123,|secret-in-depth/);
    expect(text).toContain('&quot;name&quot;: &quot;Ann&quot;');
    expect(text).toContain(HIDDEN);
  }
});

test('an administrator has them shown by a form, and the log says who and of what', async () => {
  await using http = await startHttp({ pages: { sensitiveFields: ['cardNumber', 'cvv'] } });
  await withCard(http);
  const token = await visitor(http).token(PAGE);
  const shown = await visitor(http).post(REVEAL, { token });
  expect(shown.status).toBe(200);
  const text = await shown.text();
  for (const value of ['4111111111111111', 'secret-in-depth', 'garbled 4111111111111111'])
    expect(text).toContain(value);
  expect(http.logLines).toContainEqual({
    level: 'info',
    facts: expect.objectContaining({ operator: 'alice', correlationId: 'one' }),
    message: 'an operator had hidden values shown',
  });
  expect((await visitor(http).get(REVEAL)).status).toBe(405);
});

test('nothing is shown and nothing logged without a token', async () => {
  await using http = await startHttp({ pages: { sensitiveFields: ['cardNumber'] } });
  await withCard(http);
  const refused = await visitor(http).post(REVEAL, { token: null });
  expect(refused.status).toBe(403);
  expect(await refused.text()).not.toContain('4111');
  expect(http.logLines.filter(({ message }) => message.includes('hidden'))).toEqual([]);
});

test('names are found in any case and at any depth, and nothing else changes', () => {
  const { json, text } = createMasking(['PIN']);
  expect(json({ pin: 1, a: [{ Pin: { b: 2 } }, 'opinion', 'fine'], n: null, t: true })).toEqual({
    pin: HIDDEN,
    a: [{ Pin: HIDDEN }, HIDDEN, 'fine'],
    n: null,
    t: true,
  });
  expect([text('all is well'), text('{"PIN":1}')]).toEqual(['all is well', HIDDEN]);
});
