// Reads the observations of a period from a store, batch by batch.

import type { Observation, ObservationQuery, Observations } from '../store/observations-port.ts';

export type ObservedPeriod = Omit<ObservationQuery, 'before'>;

/** Reads newest first. `pause` lets other work run; its argument is the part that has been read, 0 to 1. */
export async function observeAll(
  store: Pick<Observations, 'observe'>,
  period: ObservedPeriod,
  take: (observation: Observation) => void,
  pause: (done: number) => Promise<void>,
): Promise<void> {
  const { from, to } = period;
  let oldest = to;
  for (let before: string | null | undefined; before !== null; ) {
    const { items, next } = await store.observe({ ...period, ...(before === undefined ? {} : { before }) });
    for (const item of items) take(item);
    before = next;
    oldest = items.at(-1)?.sentAt ?? oldest;
    await pause(next === null ? 1 : Math.min(1, (to - oldest) / Math.max(1, to - from)));
  }
}
