// A history of several receivers as plain data: what apps ask and what fails, in an order that a seed chooses.

import { createDice } from '../../../src/simulator/dice.ts';
import type { FateName } from '../../../src/simulator/fates/catalogue.ts';
import type { Loss } from '../../support/postgres/watched-proxy.ts';

export const RECEIVERS = 3;
const STEPS = 30;
const MAX_AT_ONCE = 6;
/** So late that a batch, a claim, a poll or a sign of life may be under way. */
const MAX_STATEMENTS = 40;

const FATES: readonly FateName[] = ['callback', 'callback', 'lost-callback', 'refused-400'];
const TYPES = ['submit', 'submit', 'submit', 'cut', 'cut', 'crash', 'cancel', 'repeat'] as const;

export type Step =
  | { readonly type: 'submit'; readonly fates: readonly FateName[] }
  | { readonly type: 'cut' | 'crash'; readonly receiver: number; readonly statement: number; readonly loss: Loss }
  /** Of the submission with this number, modulo their number. */
  | { readonly type: 'cancel' | 'repeat'; readonly submission: number };

export function generate(seed: string): readonly Step[] {
  const dice = createDice(seed);
  return Array.from({ length: STEPS }, (_, n): Step => {
    const below = (end: number, name: string | number) => Math.floor(dice.roll(n, name) * end);
    const type = n === 0 ? 'submit' : (TYPES[below(TYPES.length, 'type')] ?? 'submit');
    switch (type) {
      case 'submit': {
        const fates = Array.from(
          { length: 1 + below(MAX_AT_ONCE, 'count') },
          (_each, i) => FATES[below(FATES.length, i)],
        );
        return { type, fates: fates as FateName[] };
      }
      case 'cut':
      case 'crash': {
        const loss = dice.roll(n, 'loss') < 0.5 ? 'request' : 'response';
        return {
          type,
          receiver: below(RECEIVERS, 'receiver'),
          statement: 1 + below(MAX_STATEMENTS, 'statement'),
          loss,
        };
      }
      case 'cancel':
      case 'repeat':
        return { type, submission: below(1_000, 'submission') };
      default:
        return type satisfies never;
    }
  });
}
