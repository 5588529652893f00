// The cause of a pause, for tests of the limiter.

import type { PauseCause } from '../../../src/cxone/port.ts';
import { START } from '../../support/manual-world.ts';

export const CAUSE: PauseCause = {
  call: 'execute',
  actionId: 'charge-card',
  correlationId: 'order-1',
  app: 'shop',
  httpStatus: 429,
  since: START,
};
