// What runs behind the answers: one loop per verb, each told by the commits what falls due sooner than it knew.

import type { SignedUrls } from '../callbacks/signed-url.ts';
import type { Cxone } from '../cxone/port.ts';
import type { Log } from '../lib/log.ts';
import { type Loop, startLoop, type Work } from '../lib/loop.ts';
import { createFairShare } from '../lib/weighted-fair-share.ts';
import type { World } from '../lib/world.ts';
import type { Tracing } from '../observability/tracing/tracing.ts';
import type { Outbox } from '../store/outbox-port.ts';
import type { Store } from '../store/port.ts';
import type { Retention } from '../store/retention-port.ts';
import type { WebhookSender } from '../webhooks/port.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Lanes } from './notifier/lanes.ts';
import { createNotifier } from './notifier/notifier.ts';
import type { ExportFiles } from './pruner/export-files.ts';
import { createPruner, type RetentionRules } from './pruner/pruner.ts';
import { createExpirer, createSweeper } from './sweeper.ts';

export interface WorkerTools {
  readonly store: Store & Outbox & Retention;
  readonly cxone: Cxone;
  readonly webhooks: WebhookSender;
  readonly lanes: Lanes;
  readonly callbackUrls: Pick<SignedUrls, 'mint'>;
  readonly world: World;
  readonly log: Log;
  readonly tracing: Tracing;
  /** Where what is pruned is written down before. */
  readonly exports: ExportFiles | null;
  /** Sign heads of the audit chain. */
  readonly secrets: readonly [string, ...string[]];
  readonly rules: WorkerRules;
}

export interface WorkerRules extends RetentionRules {
  readonly queueTimeoutMs: number;
  readonly pollIntervalMs: number;
  readonly minPollIntervalMs?: number;
  readonly callbackless?: boolean;
  /** How CXone's limits are shared out among apps; 1 for an app that is not in it. */
  readonly appWeights: ReadonlyMap<string, number>;
}

/** The loops by name. Stopping one ends its part; nothing is lost by it, the store knows what is due. */
export function startWorkers(tools: WorkerTools): ReadonlyMap<string, Loop> {
  const { store, world, log, rules } = tools;
  const { pollIntervalMs, minPollIntervalMs = 0 } = rules;
  const start = (name: string, work: Work): Loop => startLoop(name, work, world, log);
  const dispatch = start('dispatch', createDispatcher({ ...tools, share: createFairShare(rules.appWeights) }));
  const polling = start(
    'poll',
    createSweeper({ ...tools, pollIntervalMs, minPollIntervalMs, share: createFairShare(rules.appWeights) }),
  );
  const expiry = start('expire', createExpirer(tools));
  const freed = () => notify.nudge(world.now());
  const notify: Loop = start('notify', createNotifier({ ...tools, outbox: store, freed }));
  store.watch((changes) => {
    for (const { execution, notifyAt = null } of changes) {
      if (execution.dispatchAt !== null) dispatch.nudge(execution.dispatchAt);
      if (execution.pollAt !== null) polling.nudge(execution.pollAt);
      if (execution.expireAt !== null) expiry.nudge(execution.expireAt);
      if (notifyAt !== null) notify.nudge(notifyAt);
    }
  });
  const loops = new Map([
    ['dispatch', dispatch],
    ['poll', polling],
    ['expire', expiry],
    ['notify', notify],
  ]);
  if (rules.auditRetentionDays > 0 || rules.payloadRetentionDays > 0) {
    loops.set('prune', start('prune', createPruner(tools)));
  }
  return loops;
}
