// Responses of any size: results up to the limit in full, beyond it the status, and never much memory.

import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { anExecution } from '../support/executions.ts';
import { aPolled, CALLBACK_URL, startClient, startTenant } from './harness.ts';

const MIB = 1024 * 1024;
const MAX = 10 * MIB;

function bodyWith(result: string, status = 'COMPLETED') {
  return `{"status":"${status}","result":${result},"executionId":"cx-1"}`;
}

async function pollOf(body: string) {
  const upstream = await startTenant((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  const { cxone } = startClient(upstream.url, { requestTimeoutMs: 60_000 });
  return { polled: await cxone.poll(aPolled('cx-1')), submitted: await cxone.execute(anExecution(), CALLBACK_URL) };
}

test.each([
  ['3 MiB of text', `"${'x'.repeat(3 * MIB)}"`],
  ['as much as the limit', `"${'x'.repeat(MAX - 2)}"`],
  ['arrays nested 512 levels deep', `${'['.repeat(511)}${']'.repeat(511)}`],
])('%s is accepted in full, by poll and by submit response', async (_, result) => {
  const { polled, submitted } = await pollOf(bodyWith(result));
  const report = { kind: 'completed', error: null };
  expect(polled).toMatchObject({ type: 'polled', report });
  expect(submitted).toMatchObject({ type: 'submitted', report, executionId: 'cx-1' });
  // Compared as JSON, as which large results are kept.
  for (const one of [polled, submitted]) expect(JSON.stringify(one).includes(`"result":${result}`)).toBe(true);
});

test.each([
  [
    'a byte over the limit',
    `"${'x'.repeat(MAX - 1)}"`,
    `${MAX + 1} bytes; the limit is ${MAX} bytes (MAX_RESULT_BYTES)`,
  ],
  ['15 MiB', `"${'x'.repeat(15 * MIB)}"`, `${15 * MIB + 2} bytes; the limit is ${MAX} bytes (MAX_RESULT_BYTES)`],
  ['12 MiB of brackets', `${'['.repeat(6 * MIB)}${']'.repeat(6 * MIB)}`, `${12 * MIB} bytes`],
  ['513 levels', `${'['.repeat(513)}${']'.repeat(513)}`, '513 levels deep; the limit is 512 levels'],
])('%s keeps the status, and names limit and size', async (_, result, said) => {
  const { polled, submitted } = await pollOf(bodyWith(result, 'FAILED'));
  const error = { code: 'result-too-large', message: expect.stringContaining(said) };
  expect(polled).toMatchObject({ type: 'polled', report: { kind: 'failed', result: null, error } });
  expect(submitted).toMatchObject({ type: 'submitted', executionId: 'cx-1', report: { kind: 'failed', error } });
});

test('ten responses of 60 MiB at once take a bounded part of the memory', async () => {
  const chunk = Buffer.alloc(MIB, 'x');
  const upstream = await startTenant((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"result":"');
    let sent = 0;
    const more = () => {
      while (sent < 60) {
        sent += 1;
        if (!response.write(chunk)) return void response.once('drain', more);
      }
      response.end('","status":"COMPLETED"}');
    };
    more();
  });
  const { cxone } = startClient(upstream.url, { requestTimeoutMs: 60_000 });
  let peak = 0;
  const before = process.memoryUsage().arrayBuffers;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  }, 5);
  const all = await Promise.all(Array.from({ length: 10 }, () => cxone.poll(aPolled('cx-1'))));
  clearInterval(watch);
  for (const one of all) {
    expect(one).toMatchObject({ report: { kind: 'completed', error: { code: 'result-too-large' } } });
  }
  // Ten times the limit, what is under way between sockets, and garbage; kept whole they would be 600 MiB.
  expect(peak).toBeLessThan(400 * MIB);
});

test('a large document that breaks off, or is none, has no status', async () => {
  const { polled } = await pollOf(`{"status":"COMPLETED","result":"${'x'.repeat(MAX + MIB)}`);
  expect(polled).toMatchObject({ type: 'failed', message: expect.stringContaining('it is larger than') });
});

test('a compressed response that is too large is scanned in bounded memory: the submission counts, and the poll has no status', async () => {
  const bomb = gzipSync(Buffer.alloc(192 * MIB, ' '));
  const tenant = await startTenant((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(bomb);
  });
  const { cxone } = startClient(tenant.url, { requestTimeoutMs: 60_000 });
  const before = process.memoryUsage().arrayBuffers;
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted', executionId: null });
  // V8 collects the garbage of about 64 MiB at a time.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(128 * MIB);
  const message = expect.stringContaining('larger than 10551296 bytes');
  expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: true, message });
});
