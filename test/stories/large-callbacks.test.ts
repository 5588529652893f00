// Callbacks with hundreds of thousands of values: kept with every digit, compared by what they mean, and read as they came.

import { expect, test } from 'vitest';
import { APP_KEY, callbackUrlOf, OPERATOR_KEY, type Stage, setStage } from './stage.ts';

const OPEN = { graceSeconds: 600, timeoutSeconds: 120 };
const members = Array.from({ length: 6_000 }, (_, i) => `"m${i}":1.50`);
const RESULT = `{${members.join()}}`;
const SAME = `{${members.toReversed().join().replaceAll('1.50', '15e-1')}}`;
const OTHER = RESULT.replace('1.50', '1.51');

async function waiting(stage: Stage) {
  const id = await stage.submit('lost-callback', OPEN);
  await stage.untilStatus(id, 'PENDING');
  const url = await callbackUrlOf(stage, id);
  const callBack = async (result: string) => {
    // A restart changes the port.
    const response = await fetch(await callbackUrlOf(stage, id), {
      method: 'POST',
      body: `{"status":"COMPLETED","result":${result}}`,
    });
    return { status: response.status, ...((await response.json()) as object) };
  };
  const read = async (path: string, key = APP_KEY) => {
    const response = await fetch(`${stage.service().url}/v1/executions/${id}${path}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return response.text();
  };
  return { id, url, callBack, read };
}

test('a large result is kept as it came, and repeats and contradictions of it are recognised', async () => {
  const stage = await setStage();
  const { callBack, read, id } = await waiting(stage);
  expect(await callBack(RESULT)).toEqual({ status: 200, outcome: 'resolved' });
  expect(await read('')).toContain(`"result":${RESULT},"error":null`);
  expect(await read('', OPERATOR_KEY)).toContain(`"result":${RESULT},"error":null`);
  expect(await callBack(RESULT)).toEqual({ status: 200, outcome: 'duplicate' });
  expect(await callBack(SAME)).toEqual({ status: 200, outcome: 'duplicate' });
  expect(await callBack(OTHER)).toEqual({ status: 200, outcome: 'conflict' });
  expect(await callBack('{"paid":true}')).toEqual({ status: 200, outcome: 'conflict' });
  expect(await read('/audit')).toContain(`"result":${OTHER},"error":null`);
  expect(await stage.events(id)).toEqual(
    expect.arrayContaining(['CALLBACK_COMPLETED', 'CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT']),
  );
  await stage.restart();
  expect(await read('')).toContain(`"result":${RESULT},"error":null`);
  expect(await callBack(SAME)).toEqual({ status: 200, outcome: 'duplicate' });
});

test('a large result after the end is kept beside it, and later ones are compared with it', async () => {
  const stage = await setStage();
  const { id, callBack, read } = await waiting(stage);
  await stage.request('POST', `/v1/executions/${id}/cancel`);
  expect(await callBack(RESULT)).toEqual({ status: 200, outcome: 'late' });
  expect(await read('')).toContain(`"lateResult":{"status":"COMPLETED","result":${RESULT},"error":null,`);
  expect(await callBack(SAME)).toEqual({ status: 200, outcome: 'duplicate' });
  expect(await callBack(OTHER)).toEqual({ status: 200, outcome: 'conflict' });
});

test('a callback URL that a large result quotes is replaced, as a value and as two names', async () => {
  const stage = await setStage();
  const { url, callBack, read } = await waiting(stage);
  const token = url.slice(url.lastIndexOf('/') + 1);
  const quoting = RESULT.replace('1.50', `"${url}"`);
  expect(await callBack(quoting)).toEqual({ status: 200, outcome: 'resolved' });
  expect(await read('')).toContain('/webhook/cxone-execution/[callback-token]"');
  expect(await read('/audit')).toContain('"callbackTokenReplaced":true');
  const names = RESULT.replace('"m0"', `"${token}"`).replace('"m1"', `"${token.replace('.', '%2E')}"`);
  expect(await callBack(names)).toEqual({ status: 200, outcome: 'conflict' });
  const trail = await read('/audit');
  expect(trail).toContain('"[callback-token]":1.50,"[callback-token] (2)":1.50,');
  expect(trail).not.toContain(token);
});

test('eight large callbacks at the same time each resolve their execution', async () => {
  const stage = await setStage();
  const eight = await Promise.all(Array.from({ length: 8 }, () => waiting(stage)));
  const outcomes = await Promise.all(eight.map(({ callBack }) => callBack(RESULT)));
  expect(outcomes).toEqual(Array(8).fill({ status: 200, outcome: 'resolved' }));
});
