// A callback that cannot be read, or is too long, still names the execution to poll: none is sent again, and no result is lost.

import { describe, expect, test } from 'vitest';
import { createTokenConcealer } from '../../src/callbacks/conceal-tokens.ts';
import { parseCallback, scanCallback } from '../../src/cxone/parse-response.ts';
import { loadProfile } from '../../src/cxone/profile/profile.ts';
import { withConcealedTokens } from '../../src/usecases/conceal-callback-tokens.ts';
import { type CallbackTrust, createCallbackReceiver } from '../../src/usecases/receive-callback.ts';
import { CALLBACK_SECRET, startHttp } from '../http/harness.ts';
import { NO_LARGE_BODIES } from '../support/fake-cxone.ts';

/** A receiver with one execution, which CXone has answered with 503, and which waits to be sent again. */
async function waitingToBeSentAgain(trust: CallbackTrust) {
  const http = await startHttp();
  await http.submit({ correlationId: 'one' });
  const find = async () => {
    const execution = await http.store.find('one');
    if (execution === undefined) throw new Error('it is gone');
    return execution;
  };
  const profile = loadProfile(null);
  const conceal = createTokenConcealer([CALLBACK_SECRET]);
  const receiver = createCallbackReceiver(
    withConcealedTokens(http.store, conceal),
    {
      parseCallback: (...body) => parseCallback(profile, ...body, { conceal: conceal.bytes }),
      parseResponse: async () => null,
      largeBodies: NO_LARGE_BODIES,
      scanCallback: () => scanCallback(profile, 10_485_760),
    },
    http.world,
    trust,
  );
  const { reference } = await find();
  const callbackUrl = http.callbackUrls.mint(reference);
  const now = http.world.now();
  await http.store.record(reference, { type: 'dispatched' }, now);
  const answer = { httpStatus: 503, latencyMs: 4, message: 'no', retryAt: now + 60_000, giveUpAt: now + 300_000 };
  await http.store.record(reference, { type: 'unsent', ...answer }, now);
  expect(await find()).toMatchObject({ status: 'QUEUED', dispatchAt: now + 60_000 });
  return {
    find,
    now,
    callbackUrl,
    short: (body: string, contentType: string | null = null) =>
      receiver.callback(reference, Buffer.from(body), contentType),
    long: async (body: string) => {
      const scan = receiver.scan();
      scan.write(Buffer.from(body));
      return receiver.tooLarge(reference, 'too large', await scan.end());
    },
    lastDetail: async () => (await http.store.trail('one')).at(-1)?.detail,
    [Symbol.asyncDispose]: http[Symbol.asyncDispose],
  };
}

const FIELDS = 'result[amount]=5&executionId=cx-1&executionId=cx-1';
const DEEP = `{"executionId":"cx-1","result":${'['.repeat(600)}${']'.repeat(600)}}`;
const LONG = 'x'.repeat(1_200_000);

describe.each([
  ['signature', 'PENDING'],
  ['verify', 'UNCONFIRMED'],
] as const)('with CALLBACK_TRUST=%s, a callback of an execution that waits to be sent again', (trust, status) => {
  test.each([
    ['without a status', '{"executionId":"cx-1","result":1}'],
    ['with a status that is an object', '{"executionId":"cx-1","status":{}}'],
    ['as a form without a status', FIELDS],
    ['nested too deeply, without a status', DEEP],
  ])('%s names the executionId that is polled', async (_, body) => {
    await using one = await waitingToBeSentAgain(trust);
    expect((await one.short(body))?.outcome).toBe('unreadable');
    const named = { status, executionId: 'cx-1', executionIdUnverified: true, dispatchAt: null, pollAt: one.now };
    expect(await one.find()).toMatchObject(named);
    expect(await one.lastDetail()).toMatchObject({ executionId: 'cx-1', status });
  });

  test.each([
    ['without a status', JSON.stringify({ result: LONG, executionId: 'cx-1' })],
    ['with a word of progress', JSON.stringify({ result: LONG, executionId: 'cx-1', status: 'RUNNING' })],
    ['with a result that a poll brings', JSON.stringify({ result: LONG, executionId: 'cx-1', status: 'COMPLETED' })],
  ])('over 1 MiB %s names the executionId that is polled', async (_, body) => {
    await using one = await waitingToBeSentAgain(trust);
    expect((await one.long(body))?.outcome).toBe('unreadable');
    expect(await one.find()).toMatchObject({ status, executionId: 'cx-1', dispatchAt: null, pollAt: one.now });
  });

  test.each([
    ['a form', (url: string) => `executionId=${url}`],
    ['JSON', (url: string) => JSON.stringify({ executionId: url })],
  ])('without a status, whose executionId quotes the callback URL in %s, names none', async (_, body) => {
    await using one = await waitingToBeSentAgain(trust);
    await one.short(body(one.callbackUrl));
    expect((await one.find()).executionId).toBeNull();
    expect(await one.lastDetail()).toMatchObject({
      unusableExecutionId: 'its executionId quotes the callback URL',
      callbackTokenReplaced: true,
    });
  });

  test('that names an id which cannot be used says so in its entry', async () => {
    await using one = await waitingToBeSentAgain(trust);
    await one.short(`{"executionId":"${'x'.repeat(1025)}"}`);
    expect((await one.find()).executionId).toBeNull();
    expect(await one.lastDetail()).toMatchObject({ unusableExecutionId: expect.stringContaining('1025 bytes') });
  });
});
