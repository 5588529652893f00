// What runs behind the answers: one loop per verb, each told by the commits what falls due sooner than it knew.

import type { CallbackUrls } from './callback-url.ts';
import type { Cxone } from './cxone/port.ts';
import { createDispatch } from './dispatch.ts';
import type { Log } from './log.ts';
import { type Loop, startLoop, type Work } from './loop.ts';
import { createPruning } from './prune.ts';
import type { Store } from './store/port.ts';
import { createExpiry, createPolling } from './sweep.ts';
import type { World } from './world.ts';

export interface BackgroundTools {
  readonly store: Store;
  readonly cxone: Cxone;
  readonly callbackUrls: Pick<CallbackUrls, 'mint'>;
  readonly world: World;
  readonly log: Log;
  readonly rules: BackgroundRules;
}

export interface BackgroundRules {
  readonly queueTimeoutMs: number;
  readonly pollIntervalMs: number;
  /** 0: everything is kept. */
  readonly auditRetentionDays: number;
}

/** The loops by name. Stopping one ends its part; nothing is lost by it, the store knows what is due. */
export function startBackground(tools: BackgroundTools): ReadonlyMap<string, Loop> {
  const { store, world, log, rules } = tools;
  const start = (name: string, work: Work): Loop => startLoop(name, work, world, log);
  const dispatch = start('dispatch', createDispatch(tools));
  const polling = start('poll', createPolling({ ...tools, pollIntervalMs: rules.pollIntervalMs }));
  const expiry = start('expire', createExpiry(tools));
  store.watch((changes) => {
    for (const { execution } of changes) {
      if (execution.dispatchAt !== null) dispatch.nudge(execution.dispatchAt);
      if (execution.pollAt !== null) polling.nudge(execution.pollAt);
      if (execution.expireAt !== null) expiry.nudge(execution.expireAt);
    }
  });
  const loops = new Map([
    ['dispatch', dispatch],
    ['poll', polling],
    ['expire', expiry],
  ]);
  if (rules.auditRetentionDays > 0) {
    loops.set('prune', start('prune', createPruning(store, world, rules.auditRetentionDays)));
  }
  return loops;
}
