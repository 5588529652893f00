// The pause of all requests to CXone over the API: operators see it, administrators lift it.

import { expect, test } from 'vitest';
import { createPausedControl } from '../support/pause.ts';
import { ALICE_KEY, CAROL_KEY, startHttp } from './harness.ts';

test('operators see the pause and its cause, and an administrator lifts it once', async () => {
  await using http = await startHttp({ controls: createPausedControl() });
  const shown = await http.call('GET', '/v1/pause', { key: CAROL_KEY });
  const pause = {
    since: '2026-01-01T00:00:00.000Z',
    until: '2026-01-01T00:01:00.000Z',
    httpStatus: 429,
    call: 'execute',
    actionId: 'charge-card',
    correlationId: 'order-1',
    app: 'shop',
  };
  expect(shown).toMatchObject({ status: 200, json: { pause } });
  expect((await http.call('GET', '/v1/pause')).status).toBe(403);
  expect((await http.call('POST', '/v1/pause/lift', { key: CAROL_KEY })).status).toBe(403);
  const lift = () => http.call('POST', '/v1/pause/lift', { key: ALICE_KEY });
  expect(await lift()).toMatchObject({ status: 200, json: { lifted: pause } });
  expect(await lift()).toMatchObject({ status: 200, json: { lifted: null } });
  expect(http.logLines.filter(({ level }) => level === 'warn')).toMatchObject([
    { level: 'warn', facts: { by: 'operator:alice', app: 'shop', httpStatus: 429 } },
  ]);
  expect((await http.call('GET', '/v1/pause', { key: CAROL_KEY })).json).toEqual({ pause: null });
});
