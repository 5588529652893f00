// Events with callback tokens: every member that may hold words of CXone is stored with the token replaced.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTokenConcealer } from '../../src/callbacks/conceal-tokens.ts';
import { createSignedUrls } from '../../src/callbacks/signed-url.ts';
import type { ExecutionEvent } from '../../src/execution/event.ts';
import { type Json, parseJson } from '../../src/execution/json.ts';
import type { DeliveryEvent } from '../../src/notification/delivery.ts';
import type { Outbox } from '../../src/store/outbox-port.ts';
import type { ExecutionRecorder } from '../../src/store/port.ts';
import { withConcealedTokens } from '../../src/usecases/conceal-callback-tokens.ts';

type Recorder = ExecutionRecorder & Pick<Outbox, 'recordDelivery'>;

const SECRET = 'a-secret-of-at-least-32-characters-in-all';
const url = createSignedUrls('https://receiver.example', [SECRET]).mint('0190b6c1-1111-7abc-8def-0123456789ab');
const token = url.slice(url.lastIndexOf('/') + 1);

async function recorded(event: ExecutionEvent): Promise<ExecutionEvent> {
  let stored = event;
  const store: Recorder = {
    record: async (_, given) => {
      stored = given;
      return undefined;
    },
    recordDelivery: async () => undefined,
  };
  await withConcealedTokens(store, createTokenConcealer([SECRET])).record('reference', event, 0);
  return stored;
}

const report = (result: Json) => ({ kind: 'completed', statusWord: 'DONE', result, error: null }) as const;

/** Texts with and without the token, as names and values of a document. */
const text = fc.oneof(fc.string(), fc.constant(token), fc.constant(encodeURIComponent(`"${url}"`)));
const document = fc.letrec<{ node: Json }>((tie) => ({
  node: fc.oneof(text, fc.integer(), fc.constant(null), fc.array(tie('node')), fc.dictionary(text, tie('node'))),
})).node;

test('no document reaches the store with a token, and one without a token reaches it unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(document, async (result) => {
      const event: ExecutionEvent = { type: 'callback', executionId: null, report: report(result) };
      const stored = await recorded(event);
      const hadToken = JSON.stringify(result).includes(token);
      expect(JSON.stringify(stored)).not.toContain(token);
      if (hadToken) expect(stored).toMatchObject({ quotedToken: true });
      else expect(stored).toBe(event);
    }),
  );
});

test('members keep their number and numbers their digits beside a replacement', async () => {
  const result = parseJson(
    `{"${token}":12345678901234567890,"x":1.50,"${encodeURIComponent(token).replace('.', '%2E')}":2}`,
  );
  const stored = await recorded({ type: 'callback', executionId: null, report: report(result) });
  expect(JSON.stringify(stored)).toContain(
    '{"[callback-token]":12345678901234567890,"x":1.50,"[callback-token] (2)":2}',
  );
});

test('an id or an address that quotes the URL is unusable, and the polled id is not touched', async () => {
  const answered = { httpStatus: 200, latencyMs: 1, report: report(1) };
  const submitted = { ...answered, type: 'submitted', executionId: token, pollUrl: url, spreadMs: 0 } as const;
  expect(await recorded(submitted)).toMatchObject({
    executionId: null,
    unusableId: 'its executionId quotes the callback URL',
    pollUrl: null,
    unusablePollUrl: 'its Location quotes the callback URL',
  });
  const polled = {
    ...answered,
    type: 'polled',
    polledExecutionId: token,
    namedExecutionId: token,
    nextPollAt: 1,
    final: false,
  } as const;
  expect(await recorded(polled)).toMatchObject({ polledExecutionId: token, namedExecutionId: null });
});

test('kept bytes and the words of an endpoint are covered', async () => {
  const body = { bytes: Buffer.from(`not JSON: ${url}`), contentType: `text/plain; x=${token}` };
  const stored = await recorded({ type: 'callback-unreadable', reason: 'no', body });
  const kept = 'body' in stored ? stored.body : null;
  expect(Buffer.from(kept?.bytes ?? []).toString()).toBe(
    'not JSON: https://receiver.example/webhook/cxone-execution/[callback-token]',
  );
  expect(kept?.contentType).toBe('text/plain; x=[callback-token]');
  const deliveries: DeliveryEvent[] = [];
  const store: Recorder = {
    record: async () => undefined,
    recordDelivery: async (_: string, event: DeliveryEvent) => void deliveries.push(event) as undefined,
  };
  const failed = { type: 'failed', httpStatus: 500, latencyMs: 1, message: `no: ${url}`, retryAt: 1 } as const;
  await withConcealedTokens(store, createTokenConcealer([SECRET])).recordDelivery('id', failed, 0);
  expect(deliveries).toEqual([{ ...failed, message: expect.stringMatching(/\[callback-token\]$/) }]);
});
