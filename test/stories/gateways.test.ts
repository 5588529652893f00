// Gateways between the receiver and CXone, played by the simulator.

import { expect, test } from 'vitest';
import { setStage } from './stage.ts';

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
