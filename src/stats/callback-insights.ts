// What the running receiver knows of its callbacks: counted from commits, read back once at the start, and told when they stay away.

import { yieldToEventLoop } from '../lib/event-loop.ts';
import type { Log } from '../lib/log.ts';
import type { Work } from '../lib/loop.ts';
import type { World } from '../lib/world.ts';
import type { Observation, Observations } from '../store/observations-port.ts';
import type { Store } from '../store/port.ts';
import { createChannelCounts, HOUR_MS } from './callback-health/channels.ts';
import { countInto } from './callback-health/count-commits.ts';
import { BASELINE_MS, type Health, healthOf } from './callback-health/health.ts';
import type { Advice } from './timing-advice/advice.ts';
import { adviseAll } from './timing-advice/advise.ts';

/** What is shown, and before that what it is held against. */
const SHOWN_MS = 24 * HOUR_MS;
const KEPT_MS = SHOWN_MS + BASELINE_MS;

/** Between two stretches that are read back at the start: everybody else goes first. */
const BETWEEN_STRETCHES_MS = 20;
const JUDGE_EVERY_MS = 60_000;
const ADVICE_HOLDS_MS = 600_000;

export interface Insights {
  /** Of the last so many hours, 24 at most. `complete` is false while the days before are still being read. */
  health(hours?: number): Health & { readonly complete: boolean };
  /** From the last 7 days; it may be ten minutes old. */
  advise(): Promise<readonly Advice[]>;
  /** A loop's: reads back, then warns once per action and hour. */
  readonly work: Work;
}

export interface InsightTools {
  readonly store: Pick<Store, 'watch'> & Observations;
  readonly world: World;
  readonly log: Log;
  readonly pollIntervalMs: number;
  /** CXone is not told where to call back: then none is missing, and there is nothing to advise. */
  readonly callbackless?: boolean;
}

export function createCallbackInsights({
  store,
  world,
  log,
  pollIntervalMs,
  callbackless = false,
}: InsightTools): Insights {
  const book = createChannelCounts();
  const startedAt = world.now();
  const warned = new Map<string, number>();
  let readBack: string | null | undefined;
  let advice: { readonly at: number; readonly given: Promise<readonly Advice[]> } | null = null;

  const count = countInto(book);
  store.watch((changes) => {
    for (const change of changes) count(change);
  });

  /** What commits tell from now on is not counted from the rows as well. */
  function takeOld(one: Observation): void {
    // promise: counted-from-commits-only
    if (one.resolvedAt === null || one.resolvedAt >= startedAt) return;
    const isOld = (at: number | null) => (at !== null && at < startedAt ? at : null);
    book.add({ ...one, calledBackAt: isOld(one.calledBackAt), foundAt: isOld(one.foundAt) });
  }

  function health(hours = 24): Health & { readonly complete: boolean } {
    const now = world.now();
    return { ...healthOf(book.all(), now - hours * HOUR_MS, now, { callbackless }), complete: readBack === null };
  }

  function warn(): void {
    const now = world.now();
    book.dropBefore(now - KEPT_MS);
    for (const [key, hour] of warned) if (hour < now - SHOWN_MS) warned.delete(key);
    for (const { actionId, hour, missed, outcomes, baseline } of health(1).alerts) {
      const key = `${hour} ${actionId}`;
      if (warned.has(key)) continue;
      warned.set(key, Date.parse(hour));
      const facts = { action: actionId, hour, missed, outcomes };
      const before = { missedBefore: baseline.missed, outcomesBefore: baseline.outcomes };
      log.warn({ ...facts, ...before }, 'more callbacks are missing than usual');
    }
  }

  return {
    health,
    advise: () => {
      if (callbackless) return Promise.resolve([]);
      const now = world.now();
      if (advice !== null && now - advice.at < ADVICE_HOLDS_MS && now >= advice.at) return advice.given;
      const tools = { store, intervalMs: pollIntervalMs, random: world.random, pause: yieldToEventLoop };
      const given = adviseAll(tools, { from: now - BASELINE_MS, to: now });
      advice = { at: now, given };
      given.catch(() => {
        advice = null;
      });
      return given;
    },
    work: async () => {
      if (readBack !== null) {
        const before = readBack === undefined ? {} : { before: readBack };
        const { items, next } = await store.observe({ from: startedAt - KEPT_MS, to: startedAt, ...before });
        for (const item of items) takeOld(item);
        readBack = next;
        if (next !== null) return BETWEEN_STRETCHES_MS;
      }
      warn();
      return JUDGE_EVERY_MS;
    },
  };
}
