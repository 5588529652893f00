// Socket activation: a restart of the receiver fails no request.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runActivated } from '../support/activated.ts';
import { run } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { sendJson, startUpstream } from '../support/upstream.ts';

const KEY = 'the-shop-key-0123456789';

/** How long CXone takes to respond: every restart waits for the requests in progress. */
const SLOW_MS = 1_000;

async function environment(): Promise<Record<string, string>> {
  const cxone = await startUpstream(async ({ url }, response) => {
    if (url.includes('token')) return sendJson(response, 200, { access_token: 'a-token', expires_in: 3600 });
    await sleep(SLOW_MS);
    sendJson(response, 200, { executionId: crypto.randomUUID(), status: 'RUNNING' });
  });
  return {
    CXONE_BASE_URL: cxone.url,
    CXONE_CLIENT_ID: 'client',
    CXONE_CLIENT_SECRET: 'client-secret',
    PUBLIC_URL: 'https://receiver.example.com',
    CALLBACK_SECRET: 'a-secret-for-activation-of-32-characters',
    APP_KEYS: `shop:${KEY}`,
    DATABASE_PATH: `${temporaryFolder()}/receiver.db`,
  };
}

async function submit(port: number | undefined, correlationId: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/executions`, {
    method: 'POST',
    // As a proxy without kept connections does: a kept connection may close just as a request is written to it.
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ actionId: 'charge', correlationId }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

test('no submission fails while the receiver is restarted, and each is stored', async () => {
  const receiver = await runActivated(await environment());
  const [port] = receiver.ports;
  const answers: number[] = [];
  let running = true;
  const callers = Array.from({ length: 4 }, async (_, caller) => {
    for (let n = 0; running; n += 1) {
      answers.push(await submit(port, `restart-${caller}-${n}`));
      await sleep(5);
    }
  });
  for (let restarts = 0; restarts < 2; restarts += 1) {
    await sleep(800);
    await receiver.restart();
  }
  await sleep(800);
  running = false;
  await Promise.all(callers);

  expect(answers.length).toBeGreaterThan(12);
  expect(answers.filter((status) => status !== 202)).toEqual([]);
  expect(receiver.failures()).toBe(0);
  expect(await submit(port, 'restart-0-0')).toBe(200);
});

test('a separate port for the webhook has its own socket, the second', async () => {
  const receiver = await runActivated(await environment(), 2);
  const [port, callbackPort] = receiver.ports;
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
  const forged = { method: 'POST', body: '{}' };
  expect((await fetch(`http://127.0.0.1:${callbackPort}/webhook/cxone-execution/x`, forged)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${callbackPort}/livez`)).status).toBe(404);
});

test('sockets for another process are not used', async () => {
  const env = { ...(await environment()), PORT: '0', LISTEN_PID: '1', LISTEN_FDS: '1' };
  const listening = await run(['start'], env).line((line) => line.includes('"msg":"listening"'));
  expect((await fetch(`${JSON.parse(listening).url}/livez`)).status).toBe(200);
});
