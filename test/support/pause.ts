// A pause of all requests to CXone that can be lifted.

import type { UpstreamPause } from '../../src/cxone/port.ts';
import { START } from './manual-world.ts';

const PAUSE: UpstreamPause = {
  call: 'execute',
  actionId: 'charge-card',
  correlationId: 'order-1',
  app: 'shop',
  httpStatus: 429,
  since: START,
  until: START + 60_000,
};

export function createPausedControl(ms = 60_000) {
  let pause: UpstreamPause | null = { ...PAUSE, until: PAUSE.since + ms };
  return {
    current: () => pause,
    lift: () => {
      const lifted = pause;
      pause = null;
      return lifted;
    },
  };
}
