// Loop that ends executions whose time is over and that cannot be polled.

import type { Work } from '../lib/loop.ts';
import type { World } from '../lib/world.ts';
import type { DueWork } from '../store/port.ts';

/** Executions ended in one round. */
const MAX_EXPIRED = 200;

interface ExpirerTools {
  readonly store: Pick<DueWork, 'nextDue' | 'expire'>;
  readonly world: Pick<World, 'now'>;
}

/** Ends executions that are queued past the queue time-out, or past the deadline without an executionId. */
export function createExpirer({ store, world }: ExpirerTools): Work {
  return async () => {
    const { expireAt } = await store.nextDue();
    if (expireAt === null) return null;
    if (expireAt > world.now()) return expireAt - world.now();
    await store.expire(MAX_EXPIRED, world.now());
    return 0;
  };
}
