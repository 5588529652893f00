// A history of several receivers as plain data: what apps and operators ask and what fails, in an order that a seed chooses.

import { createDice } from '../../../src/simulator/dice.ts';
import type { FateName } from '../../../src/simulator/fates/catalogue.ts';
import type { Loss } from '../../support/postgres/watched-proxy.ts';

export const RECEIVERS = 3;
const STEPS = 40;
const MAX_AT_ONCE = 6;
/** So late that a batch, a claim, a poll or a sign of life may be under way. */
const MAX_STATEMENTS = 40;

/** The actions of submissions. Operators pause the first one. */
export const ACTIONS = ['charge', 'look-up'] as const;
const FATES: readonly FateName[] = ['callback', 'callback', 'lost-callback', 'refused-400'];
/** Steps of the clock of a machine: nothing follows it. */
const MACHINE_STEPS_MS = [-3_600_000, 3_600_000] as const;
/** Steps of the clock of the database: the deadlines of some executions pass with the largest ones. */
const DATABASE_STEPS_MS = [-20_000, -3_000, 3_000, 15_000] as const;

const TYPES = [
  ...([
    'submit',
    'submit',
    'submit',
    'submit',
    'contest',
    'contest',
    'batch',
    'cut',
    'cut',
    'crash',
    'cancel',
    'cancel',
    'repeat',
  ] as const),
  ...(['machine-clock', 'database-clock', 'pause', 'resume'] as const),
] as const;

/** One submission. */
export interface Order {
  readonly actionId: (typeof ACTIONS)[number];
  readonly fate: FateName;
}

/** How an app names what it submits: its correlation ids, or an Idempotency-Key. */
export type Naming = 'id' | 'key';

export type Step =
  /** Each order is a request of its own, sent this number of times at once. */
  | { readonly type: 'submit'; readonly orders: readonly Order[]; readonly naming: Naming; readonly copies: number }
  | { readonly type: 'batch'; readonly orders: readonly Order[]; readonly copies: number }
  /** Each is cancelled just when CXone calls back. */
  | { readonly type: 'contest'; readonly actionIds: readonly Order['actionId'][] }
  | { readonly type: 'cut' | 'crash'; readonly receiver: number; readonly statement: number; readonly loss: Loss }
  /** Of the request with this number, modulo their number. */
  | { readonly type: 'cancel' | 'repeat'; readonly request: number }
  | { readonly type: 'machine-clock'; readonly receiver: number; readonly ms: number }
  | { readonly type: 'database-clock'; readonly ms: number }
  /** Of the first action. */
  | { readonly type: 'pause' | 'resume' };

// One function because each type of step has its own numbers.
export function generate(seed: string): readonly Step[] {
  const dice = createDice(seed);
  return Array.from({ length: STEPS }, (_, n): Step => {
    const below = (end: number, name: string | number) => Math.floor(dice.roll(n, name) * end);
    const one = <T>(of: readonly T[], name: string | number): T => of[below(of.length, name)] as T;
    const type = n === 0 ? 'submit' : one(TYPES, 'type');
    const orders = () =>
      Array.from({ length: 1 + below(MAX_AT_ONCE, 'count') }, (_each, i): Order => {
        return { actionId: one(ACTIONS, `action ${i}`), fate: one(FATES, i) };
      });
    const copies = 1 + below(2, 'copies');
    switch (type) {
      case 'submit':
        return { type, orders: orders(), naming: one(['id', 'key'], 'naming'), copies };
      case 'batch':
        return { type, orders: orders(), copies };
      case 'contest':
        return { type, actionIds: orders().map(({ actionId }) => actionId) };
      case 'cut':
      case 'crash': {
        const loss = one(['request', 'response'] as const, 'loss');
        return {
          type,
          receiver: below(RECEIVERS, 'receiver'),
          statement: 1 + below(MAX_STATEMENTS, 'statement'),
          loss,
        };
      }
      case 'cancel':
      case 'repeat':
        return { type, request: below(1_000, 'request') };
      case 'machine-clock':
        return { type, receiver: below(RECEIVERS, 'receiver'), ms: one(MACHINE_STEPS_MS, 'ms') };
      case 'database-clock':
        return { type, ms: one(DATABASE_STEPS_MS, 'ms') };
      case 'pause':
      case 'resume':
        return { type };
      default:
        return type satisfies never;
    }
  });
}
