// CXone repeats a callback without end: the pages show it, and the trail stays short.

import { expect, test } from 'vitest';
import { callbackUrlOf, page, setStage } from './stage.ts';

test('the overview and the page on callbacks show which event repeats, how often, since when and for which action', async () => {
  const stage = await setStage();
  const id = await stage.submit('lost-callback', { graceSeconds: 600 });
  await stage.untilStatus(id, 'PENDING');
  const url = await callbackUrlOf(stage, id);
  for (let left = 160; left > 0; left -= 40) {
    const said = Array.from({ length: 40 }, () => fetch(url, { method: 'POST', body: '{"status":"RUNNING"}' }));
    for (const response of await Promise.all(said)) expect(response.status).toBe(200);
  }
  await stage.pass(100_000, 5_000);
  const counted =
    /CALLBACK_PROGRESS came 60 times more than the trail lists, for 1 execution of action charge, from 2026-01-01 /;
  for (const path of ['/', '/console/callbacks']) {
    expect(await page(stage, path)).toMatch(counted);
  }
  expect((await stage.events(id)).filter((event) => event === 'CALLBACK_PROGRESS')).toHaveLength(101);
});
