// The background loops. Each loop sleeps until its next due time; a commit wakes it earlier when something falls due sooner.

import { type Loop, startLoop, type Work } from '../lib/loop.ts';
import { createFairShare } from '../lib/weighted-fair-share.ts';
import type { CommittedChange, Store } from '../store/port.ts';
import type { WebhookSender } from '../webhooks/port.ts';
import { createDispatcher, type DispatcherTools, type DispatchRules } from './dispatcher.ts';
import { createExpirer } from './expirer.ts';
import { createNotifier, type NotifierTools } from './notifier/notifier.ts';
import type { ExportFiles } from './pruner/export-files.ts';
import { createPruner, type PrunerTools, type RetentionRules } from './pruner/pruner.ts';
import { createSweeper } from './sweeper.ts';
import { createHistoryCounter, createSummarizer } from './upkeep.ts';

export interface WorkerTools
  extends Pick<DispatcherTools, 'cxone' | 'callbackUrls' | 'world' | 'movedMs' | 'log' | 'tracing'>,
    Pick<NotifierTools, 'lanes' | 'links'>,
    Pick<PrunerTools, 'retentionNow'> {
  readonly store: Store;
  readonly webhooks: WebhookSender;
  /** Export written before anything is pruned; null for none. */
  readonly exports: ExportFiles | null;
  /** The first secret signs the heads of the audit chain. */
  readonly secrets: readonly [string, ...string[]];
  readonly rules: WorkerRules;
}

export interface WorkerRules extends RetentionRules, DispatchRules {
  /** Weights for sharing CXone's limits among apps; 1 for an app without an entry. */
  readonly appWeights: ReadonlyMap<string, number>;
}

/** Starts the loops. Stopping a loop loses nothing: the store knows all due work. */
export function startWorkers(tools: WorkerTools) {
  const { store, world, log, rules } = tools;
  const { pollIntervalMs, minPollIntervalMs } = rules;
  const share = () => createFairShare(rules.appWeights);
  const start = (name: string, work: Work): Loop => startLoop(name, work, world, log);
  const dispatch = start('dispatch', createDispatcher({ ...tools, share: share() }));
  const poll = start('poll', createSweeper({ ...tools, pollIntervalMs, minPollIntervalMs, share: share() }));
  const expire = start('expire', createExpirer(tools));
  const summarize = start('summarize', createSummarizer(tools));
  const count = start('count', createHistoryCounter(tools));
  const freed = () => notify.nudge(world.now());
  const notify: Loop = start('notify', createNotifier({ ...tools, outbox: store, freed }));
  const nudge = (changes: readonly CommittedChange[]) => {
    for (const { execution, notifyAt = null } of changes) {
      if (execution.dispatchAt !== null) dispatch.nudge(execution.dispatchAt);
      if (execution.pollAt !== null) poll.nudge(execution.pollAt);
      if (execution.expireAt !== null) expire.nudge(execution.expireAt);
      if (notifyAt !== null) notify.nudge(notifyAt);
    }
  };
  const watches = [
    store.watch(nudge),
    store.watchOthers((changes) => {
      if (changes !== null) return nudge(changes);
      for (const loop of [dispatch, poll, expire, notify]) loop.wake();
    }),
    store.watchResumes(dispatch.wake),
  ];
  const prunes = rules.auditRetentionDays > 0 || rules.payloadRetentionDays > 0;
  const prune = prunes ? { prune: start('prune', createPruner(tools)) } : {};
  return {
    loops: Object.entries({ dispatch, poll, expire, notify, summarize, count, ...prune }),
    /** Commits wake the loops no more. */
    unwatch: (): void => {
      for (const end of watches) end();
    },
  };
}
