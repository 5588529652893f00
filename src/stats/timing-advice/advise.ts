// Advice for every action of a period: read, sampled and reckoned in small steps.

import type { Observations } from '../../store/observations-port.ts';
import { createSampler, observeAll, type Wanted } from '../callback-health/observe.ts';
import { type Advice, adviceFor } from './advice.ts';

/** Executions per action that advice is reckoned from. */
const SAMPLE = 2_000;

export interface AdviseTools {
  readonly store: Pick<Observations, 'observe'>;
  /** POLL_INTERVAL_SECONDS, in milliseconds. */
  readonly intervalMs: number;
  readonly random: () => number;
  /** Lets others go first; told how far it is: 0 to 1. */
  readonly pause: (done: number) => Promise<void>;
}

/** The busiest action first. */
export async function adviseAll(tools: AdviseTools, wanted: Wanted): Promise<Advice[]> {
  const { store, intervalMs, random, pause } = tools;
  const sampler = createSampler(SAMPLE, random);
  await observeAll(store, wanted, sampler.take, pause);
  const all: Advice[] = [];
  for (const { actionId, seen, kept } of sampler.all()) {
    all.push(adviceFor(actionId, kept, { intervalMs, now: wanted.to, executions: seen }));
    await pause(1);
  }
  return all;
}
