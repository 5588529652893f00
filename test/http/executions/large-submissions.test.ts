// Submissions with many values are read on a thread, with the same result as without it, and the thread may fail.

import { expect, onTestFinished, test } from 'vitest';
import { LargeJson, writeJson } from '../../../src/execution/json.ts';
import { readBatch, readSubmission } from '../../../src/http/executions/large-submissions/read-submissions.ts';
import {
  createSubmissionThread,
  type SubmissionThreadOptions,
} from '../../../src/http/executions/large-submissions/submission-reader.ts';
import { createJsonMeter } from '../../../src/http/request/json-meter.ts';
import { JobBeyondMemory } from '../../../src/lib/job-thread.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { startHttp } from '../harness.ts';

const MANY = 3_000;
const decimals = `[${Array(MANY).fill('1.50').join()}]`;
const members = Array.from({ length: MANY }, (_, i) => `"m${i}":1.50`);
const submission = (inputs: string, more = '') => `{"actionId":"charge","inputs":${inputs}${more}}`;

const SUBMISSIONS: Readonly<Record<string, string>> = {
  decimals: submission(`{"list":${decimals}}`),
  'a large context': submission('{}', `,"context":{"list":${decimals}},"correlationId":"order-1","priority":9`),
  'members with __proto__': submission(`{${members.join()},"__proto__":{"a":1}}`),
  'half of a surrogate pair': submission(`{"list":${decimals},"text":"\\ud800"}`),
  'a wrong field, and inputs that are a list': submission(decimals, ',"timeoutSeconds":1'),
  'unknown members': `{"actionId":"charge",${members.join()}}`,
  'a callbackUrl': submission('{}', `,"context":{"callbackUrl":"x","list":${decimals}}`),
  'a list': decimals,
  'no JSON': submission(`{"list":${decimals}`, '"'),
  'a comma too many': submission(`{"list":[${'1,'.repeat(MANY)}]}`),
  'too many levels': submission(`{"list":${decimals},"deep":${'['.repeat(70)}${']'.repeat(70)}}`),
  'no UTF-8': submission(`{"list":${decimals},"text":"\u0080"}`),
};

const BATCHES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(SUBMISSIONS).map(([name, one]) => [name, `{"executions":[{"actionId":"a"},\n ${one}]}`]),
  ),
  'small items': `{"executions":[${Array(900).fill(submission('{"a":[1,2,{"b":3}]}')).join()}],"atomic":true}`,
  'no items': `{"executions":{},"inputs":${decimals}}`,
};

function thread(options: Partial<SubmissionThreadOptions> = {}) {
  const log = quietLog();
  const reader = createSubmissionThread({ log, ...options });
  onTestFinished(reader.close);
  return { ...reader, log };
}

/** Latin-1, so that the bytes of a character beyond ASCII are not UTF-8. */
function measured(text: string) {
  const bytes = Buffer.from(text, 'latin1');
  const meter = createJsonMeter({ values: 1e6, itemValues: 1e6, levels: 1e3 });
  meter.write(bytes);
  return { bytes, meter };
}

/** Returns what was read with all documents as texts, or the status and the detail of the response. */
async function shown(read: object): Promise<unknown> {
  return read instanceof Response ? { status: read.status, body: await read.json() } : JSON.parse(writeJson(read));
}

test('a submission is read on the thread as without it', async () => {
  const { one } = thread();
  for (const [name, text] of Object.entries(SUBMISSIONS)) {
    const body = measured(text);
    const direct = readSubmission(body.bytes);
    const read = await one(body);
    if (direct.type === 'submission') expect(await shown(read), name).toEqual(await shown(direct));
    else expect(await shown(read), name).toMatchObject({ status: direct.type === 'malformed' ? 400 : 422 });
    if (direct.type === 'malformed')
      expect(await shown(await one(body)), name).toMatchObject({ body: { detail: direct.detail } });
    if (direct.type === 'invalid')
      expect(await shown(await one(body)), name).toMatchObject({ body: { errors: direct.errors } });
  }
  const read = await one(measured(SUBMISSIONS['decimals'] ?? ''));
  expect('request' in read && LargeJson.is(read.request.inputs)).toBe(true);
});

test('a batch is read on the thread as without it, with and without a key', async () => {
  const { batch } = thread();
  for (const [name, text] of Object.entries(BATCHES)) {
    for (const isKeyed of [true, false]) {
      const body = measured(text);
      const direct = readBatch(body.bytes, body.meter.items, isKeyed);
      const read = await batch(body, isKeyed);
      if (direct.type === 'batch') expect(await shown(read), name).toEqual(await shown(direct));
      else expect(await shown(read), name).toMatchObject({ status: direct.type === 'malformed' ? 400 : 422 });
    }
  }
});

test('a submission with few values is read at once', async () => {
  const read = await thread().one(measured(submission('{"a":1.50}')));
  expect('request' in read && LargeJson.is(read.request.inputs)).toBe(false);
});

test('a body beyond the memory of the thread gets 503 with Retry-After', async () => {
  const createThread = () => ({ ask: () => Promise.reject(new JobBeyondMemory()), end: () => {} });
  const { one, batch } = thread({ createThread });
  const body = measured(SUBMISSIONS['decimals'] ?? '');
  for (const read of [await one(body), await batch(body, false)]) {
    expect(read instanceof Response && [read.status, read.headers.get('retry-after')]).toEqual([503, '1']);
  }
});

test('what is not read when the receiver stops gets 503 with Retry-After', async () => {
  const { one, close } = thread();
  const body = measured(SUBMISSIONS['decimals'] ?? '');
  const unread = [one(body), one(body)];
  close();
  for (const read of [...unread, one(body)]) {
    const response = (await read) as Response;
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
  }
});

test('a large submission is accepted once: the same meaning is a repeat, and another one a conflict', async () => {
  await using http = await startHttp();
  const post = (inputs: string) =>
    http.call('POST', '/v1/executions', { body: submission(inputs, ',"correlationId":"order-1"') });
  expect((await post(`{${members.join()}}`)).status).toBe(202);
  const repeat = await post(`{ ${members.toReversed().join().replaceAll('1.50', '15e-1')} }`);
  expect([repeat.status, repeat.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
  expect((await post(`{${members.join().replace('1.50', '1.51')}}`)).status).toBe(409);
});

test('a large batch is accepted item by item, and its key covers all of it', async () => {
  await using http = await startHttp({
    queueCapacity: 100,
    submissions: { notifyRules: { check: (_, url) => (url.includes('forbidden') ? 'is not allowed' : null) } },
  });
  const forbidden = submission('{}', ',"notifyUrl":"https://forbidden.example/"');
  const body = (list: string) => `{"executions":[${submission(`{"list":${list}}`)},${forbidden},7]}`;
  const post = (list: string) =>
    http.call('POST', '/v1/executions/batch', { body: body(list), headers: { 'idempotency-key': '"key-1"' } });
  const first = await post(decimals);
  expect(first.json.items.map(({ status }: { status: number }) => status)).toEqual([202, 422, 422]);
  expect(first.json.items[1].problem.errors).toEqual([
    { pointer: '#/executions/1/notifyUrl', detail: 'is not allowed' },
  ]);
  const again = await post(decimals.replaceAll('1.50', '1.5'));
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
  expect((await post(decimals.replace('1.50', '1.51'))).json.type).toMatch(/idempotency-key-reused$/);
});
