// An outage of the whole: for a time, calls get one and the same answer, or none.

import type { World } from '../lib/world.ts';
import type { Answer, Call } from './ledger.ts';

export interface OutageOrder {
  /** What calls get meanwhile: a status, `reset` or `hang`. */
  readonly answer: Answer;
  /** How long; 0 ends one. */
  readonly ms: number;
  /** Which calls; all unless said. */
  readonly calls?: readonly Call[];
}

export interface Outage {
  begin(order: OutageOrder): void;
  /** What this call gets now; null when all is well. */
  answerTo(call: Call): Answer | null;
}

export function createOutage(world: World): Outage {
  let current: OutageOrder | null = null;
  let until = 0;
  return {
    begin: (order) => {
      current = order;
      until = world.now() + order.ms;
    },
    answerTo: (call) => {
      if (current === null || world.now() >= until) return null;
      return current.calls === undefined || current.calls.includes(call) ? current.answer : null;
    },
  };
}
