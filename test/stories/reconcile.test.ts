// An operator whose results are missing polls CXone for them from a terminal.

import { expect, test } from 'vitest';
import { command, type Ran } from '../cli/harness.ts';
import { OPERATOR_KEY, type Stage, setStage } from './stage.ts';

const BRIEF = { graceSeconds: 0, timeoutSeconds: 5 };

/** A terminal with the clock of the story. */
async function reconcile(stage: Stage, line: string): Promise<Ran> {
  const env = { RECEIVER_URL: stage.service().url, RECEIVER_KEY: OPERATOR_KEY };
  let ran: Ran | null = null;
  const running = command(`reconcile ${line}`.trim(), env, false, { world: stage.world }).then((result) => {
    ran = result;
  });
  while (ran === null) await stage.pass(500);
  await running;
  return ran;
}

test('results that CXone had all along are found, kept and reported, and a second run finds nothing new', async () => {
  const stage = await setStage();
  const slow = await stage.submit({ runMs: 60_000, callbacks: [] }, BRIEF);
  const never = await stage.submit('never-ends', BRIEF);
  const fine = await stage.submit({ runMs: 1_000 }, BRIEF);
  await stage.untilStatus(slow, 'PENDING');
  await stage.untilStatus(never, 'PENDING');
  await stage.pass(70_000);
  expect([(await stage.get(slow)).status, (await stage.get(never)).status]).toEqual(['TIMEOUT', 'TIMEOUT']);

  const first = await reconcile(stage, '--from 1h');
  expect(first).toMatchObject({ code: 0, err: expect.stringMatching(/^[0-9a-f-]{36} ENDED\n$/) });
  const counts = Object.fromEntries(
    [...first.out.matchAll(/^([a-z]+) +(\d+) /gm)].map(([, name, count]) => [name, count]),
  );
  expect(counts).toMatchObject({ asked: '2', late: '1', running: '1', gone: '0', failed: '0' });
  expect(first.out).toMatch(new RegExp(`^${slow} +TIMEOUT +late +COMPLETED$`, 'm'));
  expect(first.out).toMatch(new RegExp(`^${never} +TIMEOUT +running +-$`, 'm'));
  expect(first.out).not.toContain(fine);
  expect(await stage.get(slow)).toMatchObject({ status: 'TIMEOUT', lateResult: { status: 'COMPLETED', via: 'poll' } });

  const again = await reconcile(stage, '--from 1h --json');
  expect(JSON.parse(again.out)).toMatchObject({ status: 'ENDED', counts: { asked: 1, late: 0, running: 1 } });
});

test('while CXone is unreachable the command states it, and fails', async () => {
  const stage = await setStage();
  const lost = await stage.submit('never-ends', BRIEF);
  await stage.untilStatus(lost, 'PENDING');
  await stage.pass(20_000);
  expect((await stage.get(lost)).status).toBe('TIMEOUT');
  stage.simulator.outage({ answer: 500, ms: 600_000 });
  const { code, out } = await reconcile(stage, '--from 1h');
  expect([code, out]).toEqual([1, expect.stringMatching(/^failed +1 /m)]);
});

test('a period without a start, and an unknown id, are refused', async () => {
  const stage = await setStage();
  expect(await reconcile(stage, '')).toMatchObject({ code: 2, err: expect.stringContaining('--from') });
  expect(await reconcile(stage, 'nothing')).toMatchObject({
    code: 1,
    err: expect.stringContaining('There is no reconciliation with this id'),
  });
});
