// The time limit and the seed of the crash suite: `CRASH_SECONDS=900 CRASH_SEED=7 npm run test:crash`.

import { execFileSync } from 'node:child_process';
import { createDice, type Dice } from '../../src/simulator/dice.ts';

/** The time for all parts together, in seconds, without the time that processes need to end. */
const DEFAULT_SECONDS = 40;

const seconds = Number(process.env['CRASH_SECONDS'] ?? DEFAULT_SECONDS);
const seed = process.env['CRASH_SEED'] ?? String(Date.now());

/** Milliseconds for a part with this share of the whole. */
export function budget(share: number): number {
  return Math.round(seconds * 1000 * share);
}

/** Prints its seed, so that a failed run can be repeated. */
export function diceFor(part: string): Dice {
  say(`${part}: CRASH_SEED=${seed}, CRASH_SECONDS=${seconds}`);
  return createDice(`${part} ${seed}`);
}

export function say(text: string): void {
  process.stdout.write(`    ${text}\n`);
}

/** @throws when a tool is missing: a crash suite that skips tests would pass without proof. */
export function need(tool: string): void {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' });
  } catch {
    throw new Error(`the crash suite needs ${tool}: apt-get install ${tool}`);
  }
}

/** In a random order. */
export function shuffled<T>(items: readonly T[], dice: Pick<Dice, 'roll'>): T[] {
  return items
    .map((item, i) => ({ item, at: dice.roll('shuffle', i) }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
