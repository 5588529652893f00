// What it means when CXone is silent until the time-out, which is long enough for a request to be sent on a busy machine.

import { expect, test } from 'vitest';
import { anExecution } from '../support/executions.ts';
import { startRaw } from '../support/upstream.ts';
import { aPolled, CALLBACK_URL, startClient, startTenant } from './harness.ts';

const REQUEST_TIMEOUT_MS = 3_000;
const NO_NEWS = { kind: 'progress', statusWord: null, result: null, error: null };

/** A CXone whose token endpoint works, and whose everything else is at `url`. */
async function clientFor(url: string) {
  const tenant = await startTenant(() => {});
  const tokenUrl = `${tenant.url}/api/v2/oauth/token`;
  return startClient(url, { tokenUrl, requestTimeoutMs: REQUEST_TIMEOUT_MS }).cxone;
}

test('silence until the time-out: it may have been received, and is asked for once', async () => {
  const silent = await startRaw(() => {});
  const cxone = await clientFor(silent.url);
  const submitted = await cxone.execute(anExecution(), CALLBACK_URL);
  expect(submitted).toMatchObject({ type: 'uncertain', httpStatus: 0, retryAfterMs: 0 });
  expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: true });
  // fetch may open a connection ahead for the next request; what counts is what was asked.
  expect(silent.sockets.filter((socket) => socket.bytesRead > 0)).toHaveLength(2);
});

test('an answer whose body never ends is given up at the time-out: the submission counts, the poll says nothing', async () => {
  const slow = await startRaw((socket) =>
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"executionId":"e-')),
  );
  const cxone = await clientFor(slow.url);
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
    type: 'submitted',
    executionId: null,
    report: NO_NEWS,
  });
  const message = expect.stringContaining('(it broke off');
  expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: true, httpStatus: 200, message });
});
