// A recording shows a tenant's dialect, without secrets or personal data.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSignedUrls } from '../../../src/callbacks/signed-url.ts';
import { loadProfile, type Profile } from '../../../src/cxone/profile/profile.ts';
import { openRecorder, type RecorderOptions } from '../../../src/cxone/recording/recorder.ts';
import { type Fetcher, NETWORK_FETCHER } from '../../../src/cxone/transport.ts';
import { readResponseBody } from '../../../src/lib/http/read-response-body.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { startUpstream } from '../../support/upstream.ts';

const BASE = 'https://acme.example';
const EXECUTE = `${BASE}/api/v2/dx/actions/charge/execute`;
const POLL = `${BASE}/api/v2/dx/actions/charge/executions/run-17`;
const REFERENCE = '0190b6c1-1111-7abc-8def-0123456789ab';
const CALLBACK_URL = createSignedUrls('https://receiver.example', ['a-secret-of-at-least-32-characters-']).mint(
  REFERENCE,
);

function answering(status: number, body: string | null, headers: Record<string, string> = {}): Fetcher {
  const answer = async () =>
    new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } });
  return { fetch: answer, timeout: (ms) => AbortSignal.timeout(ms) };
}

function recorder(options: Partial<RecorderOptions> = {}) {
  const recordDir = join(temporaryFolder(), 'recordings');
  const log = quietLog();
  const made = openRecorder({
    recordDir,
    profile: loadProfile(null),
    secrets: [],
    conceal: (text) => text,
    world: systemWorld,
    log,
    ...options,
  });
  const path = () => join(recordDir, readdirSync(recordDir)[0] ?? '');
  const text = () => readFileSync(path(), 'utf8');
  // biome-ignore lint/suspicious/noExplicitAny: entries are asserted on, member by member
  const entries = (): any[] =>
    text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return { ...made, recordDir, log, path, text, entries };
}

async function exchange(
  fetcher: Fetcher,
  url: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<void> {
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  await readResponseBody((await fetcher.fetch(url, init)).body, 0);
}

async function textOf({ body }: Response): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body ?? [])).toString();
}

test('an exchange is kept as an entry of an HTTP archive: names, types, status words and ids, but no values', async () => {
  const { wrapFetcher: over, entries, close } = recorder();
  const fetcher = over(
    answering(
      200,
      '{"executionId":"run-17","status":"COMPLETED","result":{"card":"4711","paid":true,"sum":9.5,"n":12}}',
    ),
  );
  await exchange(
    fetcher,
    EXECUTE,
    { inputs: { card: '4711' }, context: { callbackUrl: CALLBACK_URL }, asyncExecution: true },
    { 'content-type': 'application/json', authorization: 'Bearer abcdefgh' },
  );
  close();
  const [entry] = entries();
  expect(entry).toMatchObject({
    _call: 'execute',
    _route: '/api/v2/dx/actions/{actionId}/execute',
    _executionId: 'run-17',
    request: { method: 'POST', url: EXECUTE },
    response: { status: 200 },
  });
  expect(JSON.parse(entry.response.content.text)).toEqual({
    executionId: 'run-17',
    status: 'COMPLETED',
    result: { card: '0', paid: false, sum: 0.5, n: 0 },
  });
  expect(JSON.parse(entry.request.postData.text)).toEqual({
    inputs: { card: '0' },
    context: { callbackUrl: 'https://example.invalid/' },
    asyncExecution: false,
  });
  expect(Buffer.from(entry._reference, 'base64url').toString('hex')).toBe(REFERENCE.replaceAll('-', ''));
  for (const member of ['startedDateTime', 'time', 'cache', 'timings']) expect(entry).toHaveProperty(member);
});

test('the answer itself reaches its reader whole, with its status and headers, though it is recorded', async () => {
  const { wrapFetcher: over, entries, close } = recorder();
  const body = JSON.stringify({ filling: 'x'.repeat(700_000) });
  const answer = await over(answering(429, body, { 'retry-after': '7' })).fetch(POLL, { method: 'GET' });
  expect([answer.status, answer.headers.get('retry-after'), await textOf(answer)]).toEqual([429, '7', body]);
  const empty = await over(answering(204, null)).fetch(POLL, { method: 'GET' });
  expect([empty.status, await textOf(empty)]).toEqual([204, '']);
  close();
  expect(entries().map(({ response }) => response.status)).toEqual([429, 204]);
});

test.each([204, 205, 304, 999])(
  'a response with the status %i from the network stays one, though it is recorded',
  async (status) => {
    const { wrapFetcher: over, entries, close } = recorder();
    const { url } = await startUpstream((_, response) => response.writeHead(status).end());
    const answer = await over(NETWORK_FETCHER).fetch(url, { method: 'POST' });
    expect([answer.status, await textOf(answer)]).toEqual([status, '']);
    close();
    expect(entries()).toMatchObject([{ response: { status } }]);
  },
);

test('a request that gets no answer is kept with the reason, and fails as it would have', async () => {
  const { wrapFetcher: over, entries, close } = recorder();
  const refused = () => Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }));
  const fetcher = over({ fetch: refused, timeout: (ms) => AbortSignal.timeout(ms) });
  await expect(fetcher.fetch(POLL, { method: 'GET' })).rejects.toThrow('fetch failed');
  close();
  expect(entries()).toMatchObject([
    { _call: 'poll', _executionId: 'run-17', _error: 'ECONNREFUSED', response: { status: 0 } },
  ]);
});

test('a status in a place or a word that the profile does not know stays, so that the profile can be mended', async () => {
  const { wrapFetcher: over, entries, close } = recorder();
  await exchange(
    over(answering(200, '{"jobStatus":{"id":"run-17","status":"Erledigt","result":{"name":"Ada"}}}')),
    POLL,
  );
  close();
  expect(JSON.parse(entries()[0].response.content.text)).toEqual({
    jobStatus: { id: 'run-17', status: 'Erledigt', result: { name: 'text' } },
  });
});

test('the id that a poll response names stays wherever the profile finds it', async () => {
  const profile = loadProfile(null);
  const callback = { ...profile.callback, executionId: '/a/b/c/no' };
  const {
    wrapFetcher: over,
    entries,
    close,
  } = recorder({ profile: { ...profile, poll: withoutId(profile), callback } });
  await exchange(over(answering(200, '{"a":{"b":{"c":{"no":"run-17","name":"run-17"}}},"status":"RUNNING"}')), POLL);
  close();
  expect(JSON.parse(entries()[0].response.content.text).a.b.c).toEqual({ no: 'run-17', name: 'text' });
});

/** Polls whose ids are at the places of a callback. */
function withoutId({ poll }: Profile): Profile['poll'] {
  if (poll === null) return null;
  const { executionId: _, ...answer } = poll.answer;
  return { ...poll, answer };
}

test('a callback is kept under the reference of its execution, without the signature', async () => {
  const { wrapReceiver: hearing, entries, text, close } = recorder();
  const resolved: unknown[] = [];
  const resolve = hearing({ callback: (...[reference]: unknown[]) => resolved.push(reference) });
  const form = 'status=SUCCESS&executionId=run-17&result=%7B%22name%22%3A%22Ada%22%7D';
  resolve.callback(REFERENCE, Buffer.from(form), 'application/x-www-form-urlencoded');
  close();
  expect(resolved).toEqual([REFERENCE]);
  const [entry] = entries();
  expect(entry).toMatchObject({ _call: 'callback', _executionId: 'run-17' });
  expect(Object.fromEntries(new URLSearchParams(entry.request.postData.text))).toEqual({
    status: 'SUCCESS',
    executionId: 'run-17',
    result: '{"name":"text"}',
  });
  const signature = CALLBACK_URL.split('.').at(-1) ?? 'none';
  expect(text()).not.toContain(signature);
  expect(CALLBACK_URL).toContain(entry._reference);
});

test('of a large body, the status and the id are kept, and nothing else is read', async () => {
  const { wrapFetcher, wrapReceiver, entries, close } = recorder();
  const result = { name: 'Ada', list: Array(3_000).fill(1) };
  const document = { status: 'DONE_WELL', executionId: 'run-17', result, more: 'x' };
  const fetcher = wrapFetcher(answering(200, JSON.stringify(document)));
  await exchange(fetcher, POLL);
  await exchange(fetcher, EXECUTE, { inputs: result, context: { callbackUrl: CALLBACK_URL } });
  await exchange(wrapFetcher(answering(200, `${JSON.stringify(document)}{`)), POLL);
  wrapReceiver({ callback: (..._heard: unknown[]) => {} }).callback(
    REFERENCE,
    Buffer.from(JSON.stringify(document)),
    'application/json',
  );
  close();
  const [poll, execute, notJson, callback] = entries();
  expect(JSON.parse(poll.response.content.text)).toEqual({ executionId: 'run-17', status: 'DONE_WELL' });
  expect(JSON.parse(execute.response.content.text)).toEqual({ executionId: 'run-17', status: 'DONE_WELL' });
  expect(execute).toMatchObject({ _executionId: 'run-17', request: { postData: { text: '{}' } } });
  expect(CALLBACK_URL).toContain(execute._reference);
  expect(notJson.response.content.text).toBe('some text');
  expect(JSON.parse(callback.request.postData.text)).toEqual({ status: 'DONE_WELL', executionId: 'run-17' });
});

test('execution ids that may be personal numbers are not kept, and their polls still differ', async () => {
  const { wrapFetcher: over, entries, text, close } = recorder();
  const ids = ['+43 1 234 5678', '+43 1 234 8765'];
  for (const executionId of ids) {
    const fetcher = over(answering(200, JSON.stringify({ executionId, status: 'RUNNING' })));
    await exchange(fetcher, EXECUTE, { inputs: {}, context: { callbackUrl: CALLBACK_URL } });
    await exchange(fetcher, POLL.replace('run-17', encodeURIComponent(executionId)));
  }
  close();
  expect(text()).not.toMatch(/5678|8765/);
  expect(entries().map(({ _call, _executionId }) => [_call, _executionId])).toEqual([
    ['execute', 'id-1'],
    ['poll', 'id-1'],
    ['execute', 'id-2'],
    ['poll', 'id-2'],
  ]);
});

test('no secret and no value gets into a recording, wherever an answer or an app may put it', async () => {
  const SECRETS = ['cl13nt-s3cr3t!"/+', 'acc3ss k3y & secret', 'callback-signing-secret-0123456789'];
  const TOKEN = 'an-access-token-to-hide';
  const [, mac = ''] = CALLBACK_URL.split('.').slice(-2);
  const planted = fc.constantFrom(...SECRETS, TOKEN, CALLBACK_URL, `Bearer ${TOKEN}`, 'Ada Lovelace', '+43 1 234 5678');
  const key = fc.oneof(
    fc.constantFrom('id', 'status', 'executionId', 'result', 'error', 'message', 'url', 'scope', 'code', 'jobId'),
    fc.constantFrom(...SECRETS, TOKEN, 'Ada Lovelace', '+43 1 234 5678', '__proto__'),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      planted,
      fc.boolean(),
      fc.integer(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    ),
  }));
  const hidden = [...SECRETS, TOKEN, mac, 'Lovelace', '5678'];
  const inside = fc.record({
    answer: value,
    inputs: fc.dictionary(key, value),
    form: planted,
    type: fc.constantFrom('application/json', 'text/html'),
  });
  await fc.assert(
    fc.asyncProperty(inside, async ({ answer, inputs, form, type }) => {
      const { wrapFetcher: over, wrapReceiver: hearing, text, close } = recorder({ secrets: SECRETS });
      const fetcher = over(
        answering(200, JSON.stringify(answer), {
          'content-type': type,
          'x-for': TOKEN,
          location: `${BASE}/?t=${TOKEN}`,
        }),
      );
      const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
      await exchange(fetcher, EXECUTE, { inputs, context: { ...inputs, callbackUrl: CALLBACK_URL } }, headers);
      await exchange(fetcher, POLL, undefined, headers);
      await exchange(
        fetcher,
        `${BASE}/api/v2/oauth/token?hint=${encodeURIComponent(form)}`,
        { client_secret: form, username: form },
        headers,
      );
      await exchange(fetcher, CALLBACK_URL, { anything: form }, headers);
      const body = new URLSearchParams({ status: form, result: JSON.stringify(answer), [form]: 'x' }).toString();
      hearing({ callback: (..._: unknown[]) => {} }).callback(
        REFERENCE,
        Buffer.from(body),
        'application/x-www-form-urlencoded',
      );
      close();
      const recorded = text();
      expect(recorded.split('\n').length).toBe(6);
      for (const secret of hidden) {
        const spellings = [
          secret,
          JSON.stringify(secret).slice(1, -1),
          encodeURIComponent(secret),
          Buffer.from(secret).toString('base64'),
        ];
        for (const spelling of spellings) expect(recorded).not.toContain(spelling);
      }
    }),
    { numRuns: 60 },
  );
});

test('the file is for its owner alone, and ends before it is too large', async () => {
  const { wrapFetcher: over, path, entries, log, close } = recorder({ maxBytes: 3000 });
  const fetcher = over(answering(200, '{"status":"RUNNING"}'));
  for (let n = 0; n < 20; n += 1) await exchange(fetcher, POLL);
  close();
  expect(statSync(path()).mode & 0o777).toBe(0o600);
  expect(statSync(path()).size).toBeLessThanOrEqual(3000);
  expect(entries().length).toBeGreaterThan(1);
  expect(log.lines.map(({ message }) => message)).toEqual([
    'exchanges with CXone are recorded; unset CXONE_RECORD_DIR when there are enough',
    'the recording ended',
  ]);
});

test('nothing is recorded where no folder is named, and a folder that cannot be made is named at once', () => {
  const fetcher = answering(200, '{}');
  expect(recorder({ recordDir: null }).wrapFetcher(fetcher)).toBe(fetcher);
  const file = join(temporaryFolder(), 'a-file');
  writeFileSync(file, '');
  expect(() => recorder({ recordDir: join(file, 'recordings') })).toThrow('a-file');
});

test('a folder in which nothing can be written stops the start and is named by its variable', () => {
  const file = join(temporaryFolder(), 'a-file');
  writeFileSync(file, '');
  const recordDir = join(file, 'recordings');
  expect(() => recorder({ recordDir })).toThrow(`CXONE_RECORD_DIR: nothing can be written into ${recordDir}`);
});
