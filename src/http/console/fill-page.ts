// Fills a page of a list whose readings may end early: a few of them one after the other, while others get their turn.

import { yieldToEventLoop } from '../../lib/event-loop.ts';

/** A search that finds nothing looks through so many stretches, then asks whether to go on. */
const MOST_READINGS = 10;

interface Reading<T, P> {
  readonly items: readonly T[];
  readonly next: P | null;
}

export async function fillPage<T, P>(
  limit: number,
  start: P | undefined,
  read: (limit: number, place: P | undefined) => Promise<Reading<T, P>>,
): Promise<{ items: T[]; next: P | null }> {
  const items: T[] = [];
  let place: P | undefined = start;
  for (let readings = 1; ; readings += 1) {
    const { items: more, next } = await read(limit - items.length, place);
    items.push(...more);
    if (next === null || items.length >= limit || readings >= MOST_READINGS) return { items, next };
    place = next;
    await yieldToEventLoop();
  }
}
