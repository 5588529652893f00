// Timing advice for every action of a period, computed from a fair sample in small steps.

import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { World } from '../../lib/world.ts';
import type { Observation, Observations } from '../../store/observations-port.ts';
import { type Rollups, SAMPLE_SIZE, type TimingSample } from '../../store/rollups-port.ts';
import { BASELINE_MS } from '../callback-health/health.ts';
import { type ObservedPeriod, observeAll } from '../observe-all.ts';
import { type Advice, adviceFor } from './advice.ts';

/** Apps name actions: past this number, further actions get no advice. */
const MAX_ACTIONS = 200;
const ADVICE_LASTS_MS = 600_000;

export interface AdviceSources {
  readonly store: Pick<Observations, 'observe'> & Pick<Rollups, 'coverage' | 'submitted' | 'sample'>;
  /** POLL_INTERVAL_SECONDS, in milliseconds. */
  readonly intervalMs: number;
  readonly random: () => number;
  /** Lets other work run; its argument is the part that is done, 0 to 1. */
  readonly pause: (done: number) => Promise<void>;
}

interface ActionSample extends TimingSample {
  readonly actionId: string;
}

/** Returns advice for each action, busiest first. */
export async function adviseAll(sources: AdviceSources, period: ObservedPeriod): Promise<Advice[]> {
  const { store, intervalMs, pause } = sources;
  const { countedFrom } = await store.coverage();
  const isCounted = countedFrom !== null && countedFrom <= period.from;
  const samples = isCounted ? await storedSamples(sources, period) : await readSamples(sources, period);
  const all: Advice[] = [];
  for (const { actionId, executions, observations } of samples) {
    all.push(adviceFor(actionId, observations, { intervalMs, now: period.to, executions }));
    await pause(1);
  }
  return all;
}

/** Returns the samples that are stored with the roll-ups, the largest first. */
async function storedSamples({ store, pause }: AdviceSources, period: ObservedPeriod): Promise<ActionSample[]> {
  const actions = (await store.submitted(period)).slice(0, MAX_ACTIONS);
  const samples: ActionSample[] = [];
  for (const { actionId } of actions) {
    samples.push({ actionId, ...(await store.sample({ ...period, actionId })) });
    await pause(samples.length / actions.length);
  }
  return samples.filter(({ observations }) => observations.length > 0).sort(largestFirst);
}

/** Draws samples from all executions of the period. */
async function readSamples({ store, random, pause }: AdviceSources, period: ObservedPeriod): Promise<ActionSample[]> {
  const sampler = createSampler(random);
  await observeAll(store, period, sampler.take, pause);
  return sampler.all().sort(largestFirst);
}

function largestFirst(one: ActionSample, other: ActionSample): number {
  return other.executions - one.executions || (one.actionId < other.actionId ? -1 : 1);
}

export interface AdvisorSources {
  readonly store: AdviceSources['store'];
  readonly world: Pick<World, 'now' | 'random'>;
  readonly pollIntervalMs: number;
  /** True when CXone is not given a callback URL: then no grace period fits better than another. */
  readonly callbackless?: boolean;
}

/**
 * Returns a function that gives advice from the last 7 days, at most ten minutes old. While executions from before the first roll-up
 * are being counted, advice is from the counted ones.
 */
export function createAdvisor({ store, world, pollIntervalMs, callbackless = false }: AdvisorSources) {
  const sources = { store, intervalMs: pollIntervalMs, random: world.random, pause: yieldToEventLoop };

  async function adviseFromCounted(now: number): Promise<readonly Advice[]> {
    const { countedFrom } = await store.coverage();
    const from = Math.max(now - BASELINE_MS, countedFrom ?? now);
    // Advice from a part is not kept.
    if (from > now - BASELINE_MS) latest = null;
    return adviseAll(sources, { from, to: now });
  }

  let latest: { readonly at: number; readonly advice: Promise<readonly Advice[]> } | null = null;
  return (): Promise<readonly Advice[]> => {
    if (callbackless) return Promise.resolve([]);
    const now = world.now();
    if (latest !== null && now - latest.at < ADVICE_LASTS_MS && now >= latest.at) return latest.advice;
    const advice = adviseFromCounted(now);
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
      [...byAction].map(([actionId, { seen, sample }]) => ({ actionId, executions: seen, observations: sample })),
  };
}
