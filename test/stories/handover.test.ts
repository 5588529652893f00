// A receiver that leads is stopped while others serve: another one continues to send, with what the first one knew of CXone.

import { describe, expect, test } from 'vitest';
import { newDatabase, serverUrl } from '../support/postgres/databases.ts';
import { OPERATOR_KEY, setStage } from './stage.ts';

async function twoReceivers(latencyMs = 0) {
  const stage = await setStage({ DATABASE_URL: await newDatabase() }, { latencyMs });
  const other = await stage.beside();
  const operator = { key: OPERATOR_KEY, at: other };
  const submitAtOther = async () => {
    const { status, body } = await stage.request('POST', '/v1/executions', { body: { actionId: 'charge' }, at: other });
    expect(status).toBe(202);
    return body.correlationId as string;
  };
  return { stage, other, operator, submitAtOther };
}

describe.skipIf(serverUrl === null)('a leader that is stopped', () => {
  test('lets another receiver send while its own request is in flight, and stores the response to that', async () => {
    const { stage, other, submitAtOther } = await twoReceivers(5_000);
    const postsOf = (id: string) => stage.simulator.execution(id)?.posts ?? [];
    const statusOf = async (id: string) => (await other.store.find(id))?.status;
    const first = await submitAtOther();
    await stage.until(async () => {
      await stage.pass(250, 250);
      return postsOf(first).length > 0;
    });
    let isStopped = false;
    const stopped = stage.stop().finally(() => {
      isStopped = true;
    });
    const second = await submitAtOther();
    // The clock moves by less than the first request takes.
    await stage.pass(600, 100);
    await stage.until(() => postsOf(second).length > 0);
    expect([isStopped, await statusOf(first)]).toEqual([false, 'UNCONFIRMED']);
    await stage.until(async () => {
      await stage.pass(250, 250);
      return isStopped && (await statusOf(second)) !== 'UNCONFIRMED';
    });
    await stopped;
    expect(await statusOf(first)).not.toBe('UNCONFIRMED');
    expect([first, second].map((id) => postsOf(id).length)).toEqual([1, 1]);
  });

  test('leaves the pause that CXone has asked for to the next one', async () => {
    const { stage, other, operator, submitAtOther } = await twoReceivers();
    stage.simulator.outage({ answer: 429, retryAfterSeconds: 120, ms: 600_000, calls: ['execute'] });
    const held = await submitAtOther();
    const pause = async () => (await stage.request('GET', '/v1/pause', operator)).body.pause;
    await stage.until(async () => {
      await stage.pass(100, 100);
      return (await pause()) !== null;
    });
    const { until } = await pause();
    await Promise.all([stage.stop(), stage.pass(2_000, 100)]);
    stage.simulator.outage({ answer: 200, ms: 0 });
    // The next one leads: its state is what it shows itself.
    await stage.until(async () => {
      await stage.pass(100, 100);
      const headers = { authorization: `Bearer ${OPERATOR_KEY}` };
      const metrics = await fetch(`${other.url}/metrics`, { headers });
      return (await metrics.text()).includes('cxone_receiver_active 1');
    });
    const posts = () => stage.simulator.execution(held)?.posts.length;
    expect(posts()).toBe(1);
    expect(Math.abs(Date.parse((await pause()).until) - Date.parse(until))).toBeLessThanOrEqual(1_000);
    await stage.pass(60_000, 1_000);
    expect(posts()).toBe(1);
    await stage.pass(Date.parse(until) - stage.world.now(), 1_000);
    // In small steps: on a busy machine, the clock would otherwise reach the queue timeout before the database has responded.
    await stage.until(async () => {
      await stage.pass(100, 100);
      return posts() === 2;
    });
    expect(stage.world.now()).toBeGreaterThanOrEqual(Date.parse(until));
  });
});
