// Seeded chance: every throw is named, so that a run repeats whatever the order in which things happen.

import { createHash } from 'node:crypto';

export interface Dice {
  /** Uniform in [0, 1); the same names give the same number. */
  roll(...names: readonly (string | number)[]): number;
  /** 64 bits, for naming things. */
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
