// Watches the callbacks of a running receiver, and warns once per action and hour when more of them are missing than usual.

import type { Log } from '../../lib/log.ts';
import type { Work } from '../../lib/loop.ts';
import type { World } from '../../lib/world.ts';
import type { Observation, Observations } from '../../store/observations-port.ts';
import type { TrailFollower } from '../trail-follower.ts';
import { createChannelCounts, HOUR_MS } from './channels.ts';
import { BASELINE_MS, type Health, healthOf } from './health.ts';

const SHOWN_MS = 24 * HOUR_MS;
const KEPT_MS = SHOWN_MS + BASELINE_MS;

/** Pause between two batches of history, so that requests go first. */
const PAUSE_MS = 20;
const JUDGE_EVERY_MS = 60_000;

/** `complete` is false while history is still being read. */
export type CurrentHealth = Health & { readonly complete: boolean };

export interface CallbackHealthMonitor {
  /** Returns the health of the last `hours`, 24 at most. */
  health(hours?: number): Promise<CurrentHealth>;
  /** For a loop: reads history, then judges once a minute. */
  readonly work: Work;
}

export interface CallbackHealthSources {
  readonly store: Pick<Observations, 'observe'>;
  readonly trail: Pick<TrailFollower, 'follow' | 'catchUp' | 'complete'>;
  readonly world: Pick<World, 'now'>;
  readonly log: Log;
  /** True when CXone is not given a callback URL: then no callback is missing. */
  readonly callbackless?: boolean;
}

export function createCallbackHealthMonitor({
  store,
  trail,
  world,
  log,
  callbackless = false,
}: CallbackHealthSources): CallbackHealthMonitor {
  const counts = createChannelCounts();
  const startedAt = world.now();
  const warned = new Map<string, number>();
  let readBackTo: string | null | undefined;

  // Entries from the start on are counted here, older outcomes from their rows: nothing is counted twice.
  trail.follow(({ timestamp, ended, repeated }) => {
    if (timestamp < startedAt) return;
    if (ended !== null) counts.add(ended);
    if (repeated !== null) counts.addLater(repeated);
  });

  function addHistory(one: Observation): void {
    // promise: counted-from-commits-only
    if (one.resolvedAt === null || one.resolvedAt >= startedAt) return;
    const beforeStart = (at: number | null) => (at !== null && at < startedAt ? at : null);
    counts.add({ ...one, calledBackAt: beforeStart(one.calledBackAt), foundAt: beforeStart(one.foundAt) });
  }

  async function health(hours = 24): Promise<CurrentHealth> {
    await trail.catchUp();
    const now = world.now();
    const complete = readBackTo === null && trail.complete();
    return { ...healthOf(counts.all(), now - hours * HOUR_MS, now, { callbackless }), complete };
  }

  async function warn(): Promise<void> {
    const now = world.now();
    counts.dropBefore(now - KEPT_MS);
    for (const [key, hour] of warned) if (hour < now - SHOWN_MS) warned.delete(key);
    const { alerts } = await health(1);
    for (const { actionId, hour, missed, outcomes, baseline } of alerts) {
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
    work: async () => {
      if (readBackTo !== null) {
        const before = readBackTo === undefined ? {} : { before: readBackTo };
        const { items, next } = await store.observe({ from: startedAt - KEPT_MS, to: startedAt, ...before });
        for (const item of items) addHistory(item);
        readBackTo = next;
        if (next !== null) return PAUSE_MS;
      }
      await warn();
      return JUDGE_EVERY_MS;
    },
  };
}
