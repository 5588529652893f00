// A stream of events lives by its heartbeats alone: the time limit for a silent connection runs in real time.

import { expect, test } from 'vitest';
import { HEARTBEAT_MS } from '../../../src/usecases/follow-events/stream.ts';
import { eventually } from '../../support/eventually.ts';
import { follow } from '../../support/sse.ts';
import { ORDERS_KEY, startHttp } from '../harness.ts';

test('a connection on which nothing moves is dropped by the server, a quiet one with heartbeats is not', async () => {
  const silenceTimeout = 2_000;
  await using http = await startHttp({ limits: { silenceTimeout } });
  await using quiet = await follow(`${http.url}/v1/events`, ORDERS_KEY);
  const endAt = performance.now() + 1.3 * silenceTimeout;
  while (performance.now() < endAt) {
    await http.world.advance(HEARTBEAT_MS);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(quiet.over).toBe(false);
  await eventually(() => quiet.over);
  await eventually(() => http.streams.size === 0);
});
