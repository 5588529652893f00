// Watches the callbacks of a running receiver, and warns once per action and hour when more of them are missing than usual.

import type { Log } from '../../lib/log.ts';
import type { Work } from '../../lib/loop.ts';
import { HOUR_MS } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import type { ArrivalRange, Rollups } from '../../store/rollups-port.ts';
import { BASELINE_MS, type Health, type HealthHour, healthIn } from './health.ts';
import { createSettledHours } from './settled-hours.ts';

const SHOWN_MS = 24 * HOUR_MS;
const JUDGE_EVERY_MS = 60_000;

export interface CurrentHealth extends Health {
  /**
   * While executions from before the first roll-up are being counted: the numbers include only executions submitted at this time or
   * later, milliseconds. Null when they include all.
   */
  readonly countedFrom: number | null;
}

export interface CallbackHealthMonitor {
  /** Returns the health of the last `hours`. */
  health(hours?: number): Promise<CurrentHealth>;
  /** For a loop: judges once a minute. */
  readonly work: Work;
}

export interface CallbackHealthSources {
  readonly store: Pick<Rollups, 'arrivals' | 'coverage' | 'missing'>;
  readonly world: Pick<World, 'now'>;
  readonly log: Log;
  /** True when CXone is not given a callback URL: then no callback is missing. */
  readonly callbackless?: boolean;
}

export function createCallbackHealthMonitor({
  store,
  world,
  log,
  callbackless = false,
}: CallbackHealthSources): CallbackHealthMonitor {
  const warned = new Map<string, number>();
  const missing = createSettledHours(store, world.now, SHOWN_MS + BASELINE_MS);

  async function health(hours = 24): Promise<CurrentHealth> {
    const now = world.now();
    const coverage = await store.coverage();
    const source = {
      arrivals: store.arrivals,
      coverage: async () => coverage,
      missing: ({ from = 0, to = now }: ArrivalRange) => missing({ from, to }, coverage.countedFrom),
    };
    const period = { from: now - hours * HOUR_MS, to: now, callbackless };
    const { isComplete, countedFrom, ...found } = await healthIn(source, period);
    if (isComplete) return { ...found, countedFrom: null };
    // Part of the baseline would raise false alerts.
    return { ...found, hours: found.hours.map(unjudged), alerts: [], countedFrom: countedFrom ?? now };
  }

  async function warn(): Promise<void> {
    const now = world.now();
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
      await warn();
      return JUDGE_EVERY_MS;
    },
  };
}

function unjudged(hour: HealthHour): HealthHour {
  return { ...hour, verdict: 'few' };
}
