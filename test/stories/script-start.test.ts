// A Studio script under the shipped profile: the response to its start is empty, and only the script reports its outcome.

import { expect, test } from 'vitest';
import { type Stage, setStage } from './stage.ts';

const SCRIPT = 'Callbacks\\Charge card';

function open(): Promise<Stage> {
  return setStage(
    (url) => ({
      CXONE_PROFILE: 'cxone-script-start',
      CXONE_BASE_URL: undefined,
      CXONE_ISSUER: url,
      CXONE_ACCESS_KEY_ID: 'simulator-key',
      CXONE_ACCESS_KEY_SECRET: 'simulator-key-secret',
    }),
    { dialect: 'cxone-script-start' },
  );
}

function submit(stage: Stage, parameters: unknown, more: object = {}) {
  const body = { actionId: '4711', correlationId: 'order-1', inputs: { scriptPath: SCRIPT, parameters }, ...more };
  return stage.request('POST', '/v1/executions', { body });
}

test('the script gets the callback URL, the correlation id and the values in order, and its callback ends the execution', async () => {
  const stage = await open();
  await submit(stage, ['ä b&c=d', 42, true, null, '']);
  await stage.untilStatus('order-1', 'COMPLETED');
  const { result, resolvedBy, executionId, pollCount } = await stage.get('order-1');
  expect({ resolvedBy, executionId, pollCount }).toEqual({ resolvedBy: 'callback', executionId: null, pollCount: 0 });
  expect(result).toEqual({
    echo: { scriptPath: SCRIPT, correlationId: 'order-1', parameters: ['ä b&c=d', '42', 'true', '', ''] },
  });
  expect(await stage.events('order-1')).toEqual(['ACCEPTED', 'DISPATCHED', 'SUBMITTED', 'CALLBACK_COMPLETED']);
});

test('a value that would be read as two is refused at submission, by its index, and nothing is sent', async () => {
  const stage = await open();
  const refused = await submit(stage, ['fine', 'a|b', { nested: true }]);
  expect(refused.status).toBe(422);
  expect(refused.body.errors).toEqual([
    { pointer: '#/inputs/parameters/1', detail: 'must not contain "|", which separates the values' },
    {
      pointer: '#/inputs/parameters/2',
      detail: 'must be a text, a number, true, false or null: it becomes part of a text',
    },
  ]);
  const context = await submit(stage, [], { context: { locale: 'de' } });
  expect(context.body.errors).toMatchObject([{ pointer: '#/context' }]);
  const large = await submit(stage, ['x'.repeat(4_001)]);
  expect(large.body.errors).toEqual([
    { pointer: '#/inputs/parameters', detail: expect.stringMatching(/must be shorter: .* CXone takes 4000$/) },
  ]);
  expect(stage.simulator.stats().requests.execute).toBe(0);
});

test('in a batch only that item is refused, by its index', async () => {
  const stage = await open();
  const item = (parameters: unknown) => ({ actionId: '4711', inputs: { scriptPath: SCRIPT, parameters } });
  const body = { executions: [item(['a']), item(['a|b'])] };
  const answer = await stage.request('POST', '/v1/executions/batch', { body });
  expect(JSON.stringify(answer.body)).toContain('#/executions/1/inputs/parameters/0');
  await stage.until(() => stage.simulator.stats().runs === 1);
});

test('a submission that becomes too long when it is sent is rejected with the reason, and not sent', async () => {
  const stage = await open();
  // The callback URL and the ids before it are not known when the submission is checked.
  await submit(stage, ['x'.repeat(3_950)]);
  await stage.untilStatus('order-1', 'REJECTED');
  expect((await stage.get('order-1')).error).toMatchObject({
    message: expect.stringMatching(/^\/inputs\/parameters of the submission must be shorter/),
  });
  expect(stage.simulator.stats().requests.execute).toBe(0);
});

test('a script that CXone does not start is rejected with the text of CXone', async () => {
  const stage = await open();
  await submit(stage, [], { inputs: { parameters: ['no path'] } });
  await stage.untilStatus('order-1', 'REJECTED');
  expect((await stage.get('order-1')).error).toEqual({
    code: 400,
    message: 'CXone answered 400: scriptPath: expected the path of a script',
  });
});

test('a callback after the deadline is kept with the timeout', async () => {
  const stage = await open();
  const inputs = { scriptPath: SCRIPT, simulate: { callbacks: [{ held: true }] } };
  await submit(stage, [], { inputs, graceSeconds: 1, timeoutSeconds: 5 });
  await stage.untilStatus('order-1', 'PENDING');
  await stage.pass(7_000);
  await stage.untilStatus('order-1', 'TIMEOUT');
  stage.simulator.release('order-1');
  await stage.until(async () => (await stage.get('order-1')).lateResult !== null);
  expect(await stage.get('order-1')).toMatchObject({
    status: 'TIMEOUT',
    pollCount: 0,
    lateResult: { status: 'COMPLETED' },
  });
});
