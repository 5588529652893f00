// Timing advice for every action of a period, computed from a fair sample in small steps.

import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { World } from '../../lib/world.ts';
import type { Observation, Observations } from '../../store/observations-port.ts';
import { BASELINE_MS } from '../callback-health/health.ts';
import { type ObservedPeriod, observeAll } from '../observe-all.ts';
import { type Advice, adviceFor } from './advice.ts';

/** Executions per action that advice is computed from. */
const SAMPLE_SIZE = 2_000;
/** Apps name actions: past this number, further actions get no advice. */
const MAX_ACTIONS = 200;
const ADVICE_LASTS_MS = 600_000;

export interface AdviceSources {
  readonly store: Pick<Observations, 'observe'>;
  /** POLL_INTERVAL_SECONDS, in milliseconds. */
  readonly intervalMs: number;
  readonly random: () => number;
  /** Lets other work run; its argument is the part that is done, 0 to 1. */
  readonly pause: (done: number) => Promise<void>;
}

/** Returns advice for each action, busiest first. */
export async function adviseAll(sources: AdviceSources, period: ObservedPeriod): Promise<Advice[]> {
  const { store, intervalMs, random, pause } = sources;
  const sampler = createSampler(random);
  await observeAll(store, period, sampler.take, pause);
  const all: Advice[] = [];
  for (const { actionId, seen, sample } of sampler.all()) {
    all.push(adviceFor(actionId, sample, { intervalMs, now: period.to, executions: seen }));
    await pause(1);
  }
  return all;
}

export interface AdvisorSources {
  readonly store: Pick<Observations, 'observe'>;
  readonly world: Pick<World, 'now' | 'random'>;
  readonly pollIntervalMs: number;
  /** True when CXone is not given a callback URL: then no grace period fits better than another. */
  readonly callbackless?: boolean;
}

/** Returns a function that gives advice from the last 7 days, at most ten minutes old. */
export function createAdvisor({ store, world, pollIntervalMs, callbackless = false }: AdvisorSources) {
  let latest: { readonly at: number; readonly advice: Promise<readonly Advice[]> } | null = null;
  return (): Promise<readonly Advice[]> => {
    if (callbackless) return Promise.resolve([]);
    const now = world.now();
    if (latest !== null && now - latest.at < ADVICE_LASTS_MS && now >= latest.at) return latest.advice;
    const sources = { store, intervalMs: pollIntervalMs, random: world.random, pause: yieldToEventLoop };
    const advice = adviseAll(sources, { from: now - BASELINE_MS, to: now });
    latest = { at: now, advice };
    advice.catch(() => {
      latest = null;
    });
    return advice;
  };
}

/** Keeps a fair sample of each action, whatever its size (reservoir sampling, Vitter's algorithm R). */
function createSampler(random: () => number) {
  const byAction = new Map<string, { seen: number; readonly sample: Observation[] }>();
  return {
    take: (one: Observation): void => {
      if (!byAction.has(one.actionId) && byAction.size >= MAX_ACTIONS) return;
      const own = byAction.get(one.actionId) ?? { seen: 0, sample: [] };
      byAction.set(one.actionId, own);
      own.seen += 1;
      const place = own.sample.length < SAMPLE_SIZE ? own.sample.length : Math.floor(random() * own.seen);
      if (place < SAMPLE_SIZE) own.sample[place] = one;
    },
    all: () =>
      [...byAction]
        .map(([actionId, own]) => ({ actionId, ...own }))
        .sort((one, other) => other.seen - one.seen || (one.actionId < other.actionId ? -1 : 1)),
  };
}
