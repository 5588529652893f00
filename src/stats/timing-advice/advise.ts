// Timing advice for every action of a period, computed from a fair sample in small steps.

import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
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
  readonly log: Log;
  readonly pollIntervalMs: number;
  /** True when CXone is not given a callback URL: then no grace period fits better than another. */
  readonly callbackless?: boolean;
}

/** Advises from the last 7 days. While executions from before the first roll-up are being counted, from the counted ones. */
export function createAdvisor({ store, world, log, pollIntervalMs, callbackless = false }: AdvisorSources) {
  const sources = { store, intervalMs: pollIntervalMs, random: world.random, pause: yieldToEventLoop };
  let advice: readonly Advice[] | null = callbackless ? [] : null;
  let computedAt: number | null = null;
  let computing: Promise<void> | null = null;

  async function compute(now: number): Promise<void> {
    try {
      const { countedFrom } = await store.coverage();
      const from = Math.max(now - BASELINE_MS, countedFrom ?? now);
      advice = await adviseAll(sources, { from, to: now });
      // Advice from a part is computed again at the next request.
      computedAt = from > now - BASELINE_MS ? null : now;
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'the timing advice for the page could not be computed');
    } finally {
      computing = null;
    }
  }

  return {
    /** Returns the latest advice at once; null before the first is computed. Starts to compute new advice when it is ten minutes old. */
    latest: (): readonly Advice[] | null => {
      const now = world.now();
      const isCurrent = computedAt !== null && now - computedAt < ADVICE_LASTS_MS && now >= computedAt;
      if (!callbackless && !isCurrent) computing ??= compute(now);
      return advice;
    },
    /** Resolves when no advice is being computed. */
    settled: async (): Promise<void> => {
      await computing;
    },
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
