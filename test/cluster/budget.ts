// The seed of the cluster suite, its time, and the bounds of its waits: `CLUSTER_SECONDS=600 CLUSTER_SEED=7 npm run test:cluster`.

import { setTimeout as sleep } from 'node:timers/promises';
import { createDice, type Dice } from '../../src/simulator/dice.ts';

/** Rounds of failures begin for this long; 0: each failure happens once, which is what CI runs. */
const seconds = Number(process.env['CLUSTER_SECONDS'] ?? 0);
const seed = process.env['CLUSTER_SEED'] ?? String(Date.now());

/** The longest wait for anything, on the busiest machine. It ends what will never happen, and measures nothing. */
export const PATIENCE_MS = 600_000;

/** Prints the seed, so that a failed run can be repeated. */
export function announce(): Dice {
  say(`CLUSTER_SEED=${seed} CLUSTER_SECONDS=${seconds}`);
  return createDice(seed);
}

/** Returns a function that returns whether another round of failures begins. The first one always does. */
export function createRounds(): () => boolean {
  const until = performance.now() + seconds * 1000;
  let begun = 0;
  return () => {
    begun += 1;
    return begun === 1 || performance.now() < until;
  };
}

export function say(text: string): void {
  process.stdout.write(`    ${text}\n`);
}

/** Waits for the work. @throws {Error} that names what did not happen, with what is known about it */
export async function happens<T>(what: string, work: Promise<T>, known: () => string = () => ''): Promise<T> {
  const settled = new AbortController();
  const late = sleep(PATIENCE_MS, null, { signal: settled.signal }).then(() => {
    throw new Error(`within ${PATIENCE_MS / 1000} s this did not happen: ${what}. ${known()}`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    settled.abort();
  }
}

/** Asks until the condition holds. @throws {Error} that names what did not happen, with the last answer */
export async function becomes<T>(what: string, ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > until) {
      throw new Error(`within ${PATIENCE_MS / 1000} s this did not happen: ${what}. Last: ${JSON.stringify(answer)}`);
    }
    await sleep(100);
  }
}
