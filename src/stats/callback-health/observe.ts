// Reads observations from a store, stretch by stretch, and hands each to whoever counts.

import type { Observation, Observations } from '../../store/observations-port.ts';

export interface Wanted {
  readonly from: number;
  readonly to: number;
  readonly actionId?: string;
}

/** Newest first. `pause` lets others go first; it is told how far the reading is: 0 to 1. */
export async function observeAll(
  store: Pick<Observations, 'observe'>,
  { from, to, ...wanted }: Wanted,
  take: (observation: Observation) => void,
  pause: (done: number) => Promise<void>,
): Promise<void> {
  let oldest = to;
  for (let before: string | null | undefined; before !== null; ) {
    const { items, next } = await store.observe({ from, to, ...wanted, ...(before === undefined ? {} : { before }) });
    for (const item of items) take(item);
    before = next;
    oldest = items.at(-1)?.sentAt ?? oldest;
    await pause(next === null ? 1 : Math.min(1, (to - oldest) / Math.max(1, to - from)));
  }
}

/** Actions are named by apps: past so many the others get no advice. */
const MAX_ACTIONS = 200;

/** Of each action a fair sample, however many there are (reservoir sampling, Vitter's algorithm R). */
export function createSampler(most: number, random: () => number) {
  const byAction = new Map<string, { seen: number; readonly kept: Observation[] }>();
  return {
    take: (one: Observation): void => {
      if (!byAction.has(one.actionId) && byAction.size >= MAX_ACTIONS) return;
      const own = byAction.get(one.actionId) ?? { seen: 0, kept: [] };
      byAction.set(one.actionId, own);
      own.seen += 1;
      if (own.kept.length < most) own.kept.push(one);
      else {
        const place = Math.floor(random() * own.seen);
        if (place < most) own.kept[place] = one;
      }
    },
    /** The busiest action first. */
    all: (): { readonly actionId: string; readonly seen: number; readonly kept: readonly Observation[] }[] =>
      [...byAction]
        .map(([actionId, own]) => ({ actionId, ...own }))
        .sort((one, other) => other.seen - one.seen || (one.actionId < other.actionId ? -1 : 1)),
  };
}
