// Gateways between the receiver and CXone, played by the simulator.

import { expect, test } from 'vitest';
import { findFate } from '../../src/simulator/fates/catalogue.ts';
import { setStage } from './stage.ts';

test.each(['too-early', 'request-timeout-adopted', 'cut-acceptance', 'cut-poll', 'sticky-gateway'] as const)(
  'the fate %s ends as the catalogue expects',
  async (fate) => {
    const { submission, expect: expected } = findFate(fate) ?? {};
    const stage = await setStage();
    const id = await stage.submit(fate, submission);
    await stage.until(async () => {
      await stage.pass(500);
      return !['QUEUED', 'UNCONFIRMED', 'PENDING'].includes((await stage.get(id)).status);
    });
    expect(await stage.get(id)).toMatchObject({ status: expected?.status, resolvedBy: expected?.resolvedBy });
    const events = await stage.events(id);
    expect(events.filter((event) => expected?.audit.includes(event))).toEqual(expected?.audit);
    const { posts, runs } = stage.simulator.execution(id) ?? {};
    expect([posts?.length, runs]).toEqual([expected?.posts, expected?.runs]);
  },
);

test('the polls of an execution go to the server that accepted it, also after a restart', async () => {
  const stage = await setStage();
  const ids = [await stage.submit('sticky-gateway'), await stage.submit('sticky-gateway')];
  for (const id of ids) await stage.untilStatus(id, 'PENDING');
  await stage.restart();
  for (const id of ids) {
    await stage.until(async () => {
      await stage.pass(1_000);
      return (await stage.get(id)).status === 'COMPLETED';
    });
    expect(stage.simulator.execution(id)?.polls.map(({ answer }) => answer)).toEqual([200]);
    expect(JSON.stringify(await stage.request('GET', `/v1/executions/${id}/audit`))).not.toContain('simulator-route');
  }
});
