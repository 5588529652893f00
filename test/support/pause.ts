// A pause of all requests to CXone that can be lifted.

import type { UpstreamPause } from '../../src/cxone/port.ts';
import type { LiveState } from '../../src/usecases/leader/live-state.ts';
import { START } from './manual-world.ts';

/** What a receiver knows that has not sent anything. */
export const NOTHING_SENT: LiveState = {
  upstream: {
    ...{ limit: 10, inFlight: 0, pausedUntil: 0, tokenProblem: null },
    ...{ gatewayReports: [], connectionProblems: [] },
  },
  pause: null,
  tokenPause: null,
  circuits: [],
};

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
    state: () => ({ ...NOTHING_SENT, pause }),
    liftPause: () => {
      const lifted = pause;
      pause = null;
      return lifted;
    },
  };
}
