// Seeded randomness. Every number has a name, so that a run is reproducible in any order of events.

import { createHash } from 'node:crypto';

export interface Dice {
  /** Returns a number, uniform in [0, 1); the same names return the same number. */
  roll(...names: readonly (string | number)[]): number;
  /** Returns 64 bits, for ids. */
  bits(...names: readonly (string | number)[]): bigint;
}

export function createDice(seed: string): Dice {
  const bits: Dice['bits'] = (...names) =>
    createHash('sha256')
      .update(JSON.stringify([seed, ...names]))
      .digest()
      .readBigUInt64BE();
  return { bits, roll: (...names) => Number(bits(...names) >> 11n) / 2 ** 53 };
}
