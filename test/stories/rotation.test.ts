// The rotation of secrets while executions are open: none of them is lost.

import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { callbackUrlOf, type Stage, setStage } from './stage.ts';

const WINDOW = { graceSeconds: 60, timeoutSeconds: 30 };
const OLD = 'the-old-secret-of-thirty-two-characters';
const NEW = 'the-new-secret-of-thirty-two-characters';

test('during a rotation of the secret for callback URLs, executions sent under the old and under the new one are resolved by callbacks', async () => {
  const port = { CALLBACK_PORT: String(await freePort()) };
  const stage = await setStage({ ...port, CALLBACK_SECRET: OLD });
  const before = await stage.submit({ runMs: 30_000 }, WINDOW);
  await stage.untilStatus(before, 'PENDING');
  await stage.restart({ CALLBACK_SECRET: `${NEW},${OLD}` });
  const during = await stage.submit({ runMs: 40_000 }, WINDOW);
  await stage.untilStatus(during, 'PENDING');
  await stage.pass(30_000);
  await stage.untilStatus(before, 'COMPLETED');
  await stage.restart({ CALLBACK_SECRET: NEW });
  await stage.pass(12_000);
  await stage.untilStatus(during, 'COMPLETED');
  for (const id of [before, during]) {
    expect(await stage.get(id)).toMatchObject({ resolvedBy: 'callback' });
    expect(stage.simulator.execution(id)?.callbacks.map(({ answer }) => answer)).toEqual(['200 resolved']);
  }
});

test('with a secret that is removed too soon callbacks are refused, and polls find the results', async () => {
  const stage = await setStage({ CALLBACK_PORT: String(await freePort()), CALLBACK_SECRET: OLD });
  const id = await stage.submit({ runMs: 5_000 }, { graceSeconds: 10, timeoutSeconds: 30 });
  await stage.untilStatus(id, 'PENDING');
  await stage.restart({ CALLBACK_SECRET: NEW });
  await stage.pass(5_000);
  await stage.until(() => stage.simulator.execution(id)?.callbacks[0]?.answer === '404');
  await stage.pass(7_000);
  await stage.untilStatus(id, 'COMPLETED');
  expect(await stage.get(id)).toMatchObject({ resolvedBy: 'poll' });
});

/** A callback as CXone sends it with these secrets. */
async function callback(stage: Stage, id: string, header: string, bearer: string, secret: string): Promise<number> {
  const body = JSON.stringify({ status: 'COMPLETED', result: id });
  const timestamp = String(Math.floor(stage.world.now() / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('base64');
  const response = await fetch(await callbackUrlOf(stage, id), {
    method: 'POST',
    headers: {
      'x-api-key': header,
      authorization: `Bearer ${bearer}`,
      'x-signature': `v0=${signature}`,
      'x-timestamp': timestamp,
    },
    body,
  });
  await response.text();
  return response.status;
}

test('for the header, the bearer token and the HMAC secret old and new are accepted while both are set, and then the new one alone', async () => {
  const old = ['old-header-0123456789', 'old-bearer-0123456789', OLD] as const;
  const next = ['new-header-0123456789', 'new-bearer-0123456789', NEW] as const;
  const variables = (...sets: (readonly [string, string, string])[]) => ({
    CALLBACK_HEADER_VALUE: sets.map(([header]) => header).join(),
    CALLBACK_BEARER_TOKEN: sets.map(([, bearer]) => bearer).join(),
    CALLBACK_HMAC_SECRET: sets.map(([, , secret]) => secret).join(),
  });
  const stage = await setStage({
    CALLBACK_HEADER_NAME: 'X-Api-Key',
    CALLBACK_HMAC_HEADER: 'X-Signature',
    CALLBACK_HMAC_ENCODING: 'base64',
    CALLBACK_HMAC_PREFIX: 'v0=',
    CALLBACK_HMAC_TIMESTAMP_HEADER: 'X-Timestamp',
    CALLBACK_ALLOWED_IPS: '127.0.0.0/8,::1',
    ...variables(old),
  });
  const ids = await Promise.all([1, 2, 3, 4].map(() => stage.submit('lost-callback', WINDOW)));
  const [first = '', second = '', third = '', fourth = ''] = ids;
  for (const id of ids) await stage.untilStatus(id, 'PENDING');
  expect(await callback(stage, first, ...next)).toBe(404);
  expect(await callback(stage, first, ...old)).toBe(200);
  await stage.restart(variables(next, old));
  expect(await callback(stage, second, ...old)).toBe(200);
  expect(await callback(stage, third, ...next)).toBe(200);
  await stage.restart(variables(next));
  expect(await callback(stage, fourth, ...old)).toBe(404);
  expect(await callback(stage, fourth, ...next)).toBe(200);
  for (const id of ids) expect(await stage.get(id)).toMatchObject({ status: 'COMPLETED', result: id });
});
