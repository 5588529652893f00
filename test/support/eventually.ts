// Waits for a condition without keeping the processor from what the test waits for.

/** Enough for work that needs no other process, thread or disk. */
const EAGER_TURNS = 50;
const INTERVAL_MS = 2;

/** Returns a function that lets the event loop turn, at first as often as it is called, then every few milliseconds. */
export function createTurns(): () => Promise<void> {
  let turns = 0;
  return () => {
    turns += 1;
    return new Promise((resolve) => {
      if (turns <= EAGER_TURNS) setImmediate(resolve);
      else setTimeout(resolve, INTERVAL_MS);
    });
  };
}

/** Lets the event loop turn until it is so; the test's time-out is the limit. */
export async function eventually(condition: () => boolean): Promise<void> {
  const turn = createTurns();
  while (!condition()) await turn();
}
