// The loop that announces incidents, with a webhook that does not respond.

import { expect, test } from 'vitest';
import { startLoop } from '../../src/lib/loop.ts';
import type { Announcement } from '../../src/store/incidents-port.ts';
import { createAnnouncer } from '../../src/workers/incidents/announcer.ts';
import { lasting } from '../support/incidents.ts';
import { createManualWorld, START } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';

const TIMEOUT_MS = 15_000;

test('a webhook that hangs does not make the loop look stuck, however many incidents there are', async () => {
  const world = createManualWorld();
  const log = quietLog();
  const waiting = Array.from({ length: 20 }, (_, id): Announcement => {
    const event = { at: START, type: 'opened', by: null } as const;
    return { id, event, incident: lasting(START, { id: `incident-${id}` }), attempts: 0, giveUpAt: START + 86_400_000 };
  });
  const tried: number[] = [];
  const { work } = createAnnouncer({
    ...{ url: 'https://pager.example/', world, log },
    store: {
      dueAnnouncements: async (limit) => waiting.slice(0, limit),
      recordAnnouncement: async (id) => {
        tried.push(id);
        waiting.splice(
          waiting.findIndex((one) => one.id === id),
          1,
        );
      },
    },
    webhooks: {
      deliver: async () => {
        await world.sleep(TIMEOUT_MS);
        return { type: 'failed', httpStatus: 0, latencyMs: TIMEOUT_MS, message: 'no answer', retryAfterMs: 0 };
      },
    },
  });
  const loop = startLoop('announcer', work, world, log);
  for (let second = 0; second < 400; second += 1) {
    await world.advance(1_000);
    expect(loop.alive(), `after ${second + 1} s`).toBe(true);
  }
  expect(tried).toEqual(Array.from({ length: 20 }, (_, id) => id));
  await loop.stop();
});
