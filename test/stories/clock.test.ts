// The clock is set while the receiver is down: waiting work keeps its waits, and operators get a notice.

import { describe, expect, test } from 'vitest';
import { command } from '../cli/harness.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { OPERATOR_KEY, page, type Stage, setStage } from './stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const YEAR = 365 * 24 * HOUR;

/** The longest delay: a round of the watch, a loop and a response. */
const MAX_DELAY_MS = 3_000;

async function restartWithStep(stage: Stage, stepMs: number, downMs = 0): Promise<void> {
  await stage.stop();
  await stage.world.advance(downMs);
  stage.world.stepClock(stepMs);
  await stage.restart();
}

async function isPolled(stage: Stage, id: string): Promise<boolean> {
  return ((await stage.service().store.find(id))?.pollCount ?? 0) > 0;
}

/** Returns the elapsed milliseconds until the execution is polled. */
async function untilPolled(stage: Stage, id: string): Promise<number> {
  const begun = stage.world.elapsed();
  while (!(await isPolled(stage, id)) && stage.world.elapsed() - begun < 400_000) await stage.pass(1_000);
  return stage.world.elapsed() - begun;
}

const submit = (stage: Stage, graceSeconds: number) => stage.submit('lost-callback', { graceSeconds });

describe.for([-2_000, -10 * MINUTE, -HOUR, -YEAR, -56 * YEAR])(
  'a clock that is set by %i ms while it is down',
  (step) => {
    test('delays no poll', async () => {
      const stage = await setStage();
      const id = await submit(stage, 60);
      await stage.untilStatus(id, 'PENDING');
      await stage.pass(20_000, 5_000);
      await restartWithStep(stage, step);
      const tookMs = await untilPolled(stage, id);
      expect(tookMs).toBeGreaterThan(40_000 - MAX_DELAY_MS);
      expect(tookMs).toBeLessThan(40_000 + MAX_DELAY_MS);
    });

    test('delays no submission, and is followed once, however often the receiver starts', async () => {
      const stage = await setStage({ CXONE_CLIENT_SECRET: 'wrong' });
      const id = await submit(stage, 60);
      await stage.pass(3_000);
      await restartWithStep(stage, step);
      await stage.pass(1_000);
      for (let starts = 0; starts < 3; starts += 1) await stage.restart();
      await stage.pass(1_000);
      expect((await stage.get(id)).status).toBe('QUEUED');
      await stage.restart({ CXONE_CLIENT_SECRET: 'simulator-secret' });
      await stage.pass(MAX_DELAY_MS, 100);
      await stage.untilStatus(id, 'PENDING');
      const tookMs = await untilPolled(stage, id);
      expect(tookMs).toBeGreaterThan(60_000 - 2 * MAX_DELAY_MS);
      expect(tookMs).toBeLessThan(60_000 + MAX_DELAY_MS);
    });
  },
);

test('the time for which the receiver was down delays waiting work, and no more', async () => {
  const stage = await setStage();
  const id = await submit(stage, 60);
  await stage.untilStatus(id, 'PENDING');
  await restartWithStep(stage, -HOUR, 5 * MINUTE);
  expect(await untilPolled(stage, id)).toBeLessThan(60_000 + MAX_DELAY_MS);
});

test('a correction by a second moves nothing', async () => {
  const stage = await setStage();
  const id = await submit(stage, 60);
  await stage.untilStatus(id, 'PENDING');
  const { pollAfter } = await stage.get(id);
  await restartWithStep(stage, -1_000);
  await stage.pass(2_000);
  expect((await stage.get(id)).pollAfter).toBe(pollAfter);
  expect((await stage.request('GET', '/readyz')).body).toEqual({ ready: true, notReady: [] });
});

test('a clock that is wrong at the start and corrected later makes nothing due too early', async () => {
  const stage = await setStage();
  const id = await submit(stage, 60);
  await stage.untilStatus(id, 'PENDING');
  const { deadline } = await stage.get(id);
  await restartWithStep(stage, -56 * YEAR);
  await stage.pass(5_000);
  stage.world.stepClock(56 * YEAR);
  await stage.pass(2_000);
  expect((await stage.get(id)).status).toBe('PENDING');
  expect(Math.abs(Date.parse((await stage.get(id)).deadline) - Date.parse(deadline))).toBeLessThan(1_000);
  expect(await untilPolled(stage, id)).toBeGreaterThan(50_000 - MAX_DELAY_MS);
});

test('a clock that is set forward while it is down makes due what ends within the step', async () => {
  const stage = await setStage();
  const id = await submit(stage, 3_600);
  await stage.untilStatus(id, 'PENDING');
  await restartWithStep(stage, 2 * HOUR);
  await stage.pass(MAX_DELAY_MS);
  expect((await stage.get(id)).resolvedBy).toBe('poll');
});

test('log, readiness, page and command report the step, for a day', async () => {
  const stage = await setStage();
  await submit(stage, 60);
  await restartWithStep(stage, -HOUR);
  await stage.pass(1_000);
  const notice =
    /^the clock was set back, from 2026-01-01T00:00:\S+Z to 2025-12-31T23:00:\S+Z, and the times of waiting/;
  const ready = await stage.request('GET', '/readyz');
  expect([ready.status, ready.body.ready, ready.body.notices]).toEqual([200, true, [expect.stringMatching(notice)]]);
  const times = { from: '2026-01-01T00:00:00.000Z', to: '2025-12-31T23:00:00.000Z' };
  expect(stage.log.lines).toMatchObject([{ level: 'warn', facts: { setBackMs: HOUR, ...times } }]);
  expect(await page(stage, '/')).toContain('The clock was set back, from 2026-01-01 00:00:');
  const health = async () => command('health', stage.database, false, { world: stage.world });
  expect((await health()).out).toContain('warn clock: the clock was set back, from 2026-01-01');
  await stage.stop();
  await stage.world.advance(25 * HOUR);
  await stage.restart();
  expect((await stage.request('GET', '/readyz')).body).toEqual({ ready: true, notReady: [] });
  expect((await health()).out).not.toContain('clock');
});

test('`health` compares its clock with the newest time of a receiver that is down', async () => {
  const stage = await setStage();
  await stage.stop();
  stage.world.stepClock(-HOUR);
  const env = stage.database;
  const { out, code } = await command('health', env, false, { world: stage.world });
  expect(out).toContain('warn clock: this clock is 1.0 h behind the newest time that a receiver wrote');
  expect(code).toBe(0);
  const { out: json } = await command('health --json', env, false, { world: stage.world });
  expect(JSON.parse(json).clock).toEqual({ behindMs: HOUR, lastStep: null, notice: expect.stringContaining('behind') });
});

test('an incident is announced and ends as if the clock had not been set back meanwhile', async () => {
  const hook = await startWebhookReceiver();
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const stage = await setStage({ INCIDENT_WEBHOOK_URL: hook.url, INCIDENT_WEBHOOK_SECRET: secret });
  hook.answer = () => ({ status: 503 });
  stage.simulator.outage({ answer: 503, ms: 38_000, calls: ['execute'] });
  for (let one = 0; one < 4; one += 1) await stage.submit('callback');
  await stage.pass(15_000);
  await stage.until(() => hook.received.length >= 1);
  stage.world.stepClock(-HOUR);
  // The simulator counts its outage by the same clock.
  stage.simulator.outage({ answer: 503, ms: 0 });
  hook.answer = () => ({ status: 204 });
  const before = hook.received.length;
  await stage.pass(200_000, 1_000);
  const announced = () =>
    hook.received
      .slice(before)
      .map(({ body }) => JSON.parse(body))
      .filter(({ data }) => data.cause === 'CxoneFails');
  await stage.until(() => announced().length >= 2);
  expect(announced().map(({ type }) => type)).toEqual(['incident.opened', 'incident.ended']);
  const { body } = await stage.request('GET', '/v1/incidents', { key: OPERATOR_KEY });
  const incident = body.items.find(({ cause }: { cause: string }) => cause === 'CxoneFails');
  expect(incident.state).toBe('ended');
  expect(Date.parse(incident.endedAt)).toBeGreaterThanOrEqual(Date.parse(incident.startedAt));
});
