// Jobs without callbacks, under the shipped profile: polled at most twice a minute, and only until their outcome.

import { describe, expect, test } from 'vitest';
import { type Stage, setStage } from './stage.ts';

function open(env: Record<string, string> = {}): Promise<Stage> {
  return setStage(
    {
      CXONE_PROFILE: 'cxone-jobs',
      CXONE_CLIENT_ID: undefined,
      CXONE_CLIENT_SECRET: undefined,
      CXONE_ACCESS_KEY_ID: 'simulator-key',
      CXONE_ACCESS_KEY_SECRET: 'simulator-key-secret',
      ...env,
    },
    { dialect: 'cxone-jobs' },
  );
}

async function submit(stage: Stage, simulate: unknown, more: object = {}): Promise<string> {
  const inputs = { version: '1', startDate: '2026-11-01', endDate: '2026-11-02', simulate };
  const { status, body } = await stage.request('POST', '/v1/executions', {
    body: { actionId: 'qm-workflows', inputs, ...more },
  });
  expect(status).toBe(202);
  await stage.untilStatus(body.correlationId, 'PENDING');
  return body.correlationId;
}

/** Seconds from the submission to each poll. */
function polledAt(stage: Stage, id: string): number[] {
  const { posts = [], polls = [] } = stage.simulator.execution(id) ?? {};
  const begun = Date.parse(posts[0]?.at ?? '');
  return polls.map(({ at }) => (Date.parse(at) - begun) / 1000);
}

test('the executionId is plain text, and the result is found in the nested status', async () => {
  const stage = await open();
  const id = await submit(stage, {});
  await stage.pass(40_000);
  await stage.untilStatus(id, 'COMPLETED');
  const execution = await stage.get(id);
  expect(execution).toMatchObject({
    executionId: expect.stringMatching(/^sim-/),
    resolvedBy: 'poll',
    pollCount: 1,
    error: null,
  });
  expect(execution.result).toEqual({ url: `https://files.example/${execution.executionId}.csv` });
});

test('polls are half a minute apart although POLL_INTERVAL_SECONDS is shorter, so that CXone refuses none', async () => {
  const stage = await open({ POLL_INTERVAL_SECONDS: '2' });
  const id = await submit(stage, { runMs: 200_000 }, { graceSeconds: 600 });
  await stage.pass(400_000, 1_000);
  await stage.untilStatus(id, 'COMPLETED');
  const at = polledAt(stage, id);
  expect(at.length).toBeGreaterThan(2);
  for (const [index, moment] of at.entries()) expect(moment - (at[index - 1] ?? 0)).toBeGreaterThanOrEqual(30);
  expect(stage.simulator.stats().answers.poll).toEqual({ 200: at.length });
});

test('a longer POLL_INTERVAL_SECONDS takes effect', async () => {
  const stage = await open({ POLL_INTERVAL_SECONDS: '60' });
  const id = await submit(stage, {}, { graceSeconds: 600 });
  await stage.pass(90_000, 1_000);
  await stage.untilStatus(id, 'COMPLETED');
  expect(polledAt(stage, id)[0]).toBeGreaterThanOrEqual(60);
});

test('the grace period does not delay the first poll, because no callback can come; it lengthens the window', async () => {
  const stage = await open();
  const id = await submit(stage, {}, { graceSeconds: 3600 });
  const { sentAt, deadline } = await stage.get(id);
  expect(Date.parse(deadline) - Date.parse(sentAt)).toBe(3_630_000);
  await stage.pass(40_000);
  await stage.untilStatus(id, 'COMPLETED');
  expect(polledAt(stage, id)[0]).toBeLessThan(40);
});

test('a job is polled once more at the deadline, and not too soon for CXone', async () => {
  const stage = await open();
  const id = await submit(stage, { outcome: 'never' }, { graceSeconds: 0, timeoutSeconds: 40 });
  await stage.pass(80_000);
  await stage.untilStatus(id, 'TIMEOUT');
  const at = polledAt(stage, id);
  expect(at).toHaveLength(2);
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(30);
  expect(stage.simulator.stats().answers.poll).toEqual({ 200: 2 });
});

describe.each(['FAILED', 'CANCELLED', 'EXPIRED'])('%s', (word) => {
  test('ends a job as failed, with the reason of CXone', async () => {
    const stage = await open();
    const id = await submit(stage, { outcome: 'failed', word, error: { message: 'no such entity' } });
    await stage.pass(40_000);
    await stage.untilStatus(id, 'FAILED');
    expect(await stage.get(id)).toMatchObject({ resolvedBy: 'poll', error: 'no such entity' });
  });
});

test('a restart between two polls loses nothing and advances no poll', async () => {
  const stage = await open();
  const id = await submit(stage, { runMs: 50_000 }, { graceSeconds: 600 });
  await stage.pass(40_000);
  await stage.restart();
  await stage.pass(60_000);
  await stage.untilStatus(id, 'COMPLETED');
  const at = polledAt(stage, id);
  for (const [index, moment] of at.entries()) expect(moment - (at[index - 1] ?? 0)).toBeGreaterThanOrEqual(30);
});

test('no callback counts as missing where none is expected: no alert, no advice', async () => {
  const stage = await open();
  const ids = await Promise.all(Array.from({ length: 25 }, () => submit(stage, {})));
  await stage.pass(45_000);
  for (const id of ids) await stage.untilStatus(id, 'COMPLETED');
  await stage.pass(120_000, 5_000);
  expect(stage.log.lines.filter(({ message }) => message.includes('callbacks are missing'))).toEqual([]);
});
