// Tallies along time: a ring of stretches of the same length, of which the oldest makes room for the newest.

import { addTo, count, createTally, type Fact, type Tally } from './tally.ts';

export interface Step {
  /** When it begins, milliseconds. */
  readonly at: number;
  readonly tally: Tally;
}

export interface Series {
  add(fact: Fact): void;
  /** The last `steps` stretches of `stepMs` up to now, oldest first; `stepMs` is a multiple of the series' own. */
  last(now: number, steps: number, stepMs: number): Step[];
}

interface Slot {
  readonly number: number;
  readonly tally: Tally;
}

export function createSeries(slotMs: number, slots: number): Series {
  const ring = new Array<Slot | undefined>(slots);

  function slotAt(number: number): Slot | undefined {
    const slot = ring[number % slots];
    return slot?.number === number ? slot : undefined;
  }

  function gather(into: Tally, from: number, until: number): void {
    for (let number = from; number < until; number += 1) {
      const slot = slotAt(number);
      if (slot !== undefined) addTo(into, slot.tally);
    }
  }

  return {
    add: (fact) => {
      const number = Math.floor(fact.at / slotMs);
      const held = ring[number % slots];
      // Older than all that is kept: a clock that was set back, or a look far back.
      if (held !== undefined && held.number > number) return;
      const slot = held?.number === number ? held : { number, tally: createTally() };
      ring[number % slots] = slot;
      count(slot.tally, fact);
    },
    last: (now, steps, stepMs) => {
      const perStep = stepMs / slotMs;
      const lastStep = Math.floor(now / stepMs);
      return Array.from({ length: steps }, (_, index) => {
        const step = lastStep - steps + 1 + index;
        const tally = createTally();
        gather(tally, step * perStep, (step + 1) * perStep);
        return { at: step * stepMs, tally };
      });
    },
  };
}

export function summed(steps: readonly Step[]): Tally {
  const tally = createTally();
  for (const step of steps) addTo(tally, step.tally);
  return tally;
}
