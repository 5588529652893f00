// Long synchronous work in slices, so that requests and timers run in between.

/** Time slice in milliseconds before yielding to the event loop. */
const SLICE_MS = 10;

/** Resolves after the event loop has handled the I/O that is pending now. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves after this many turns of the event loop. */
export async function turnsOfEventLoop(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await yieldToEventLoop();
}

/**
 * Turns of the event loop after each slice of long work: a callback that has arrived is committed within them, also on a new connection
 * (which takes three before its mutation) and while a batch gathers over eight quiet turns.
 */
const TURNS_PER_SLICE = 12;

const waiting: (() => void)[] = [];
let turnsLeft = 0;

/**
 * Waits for the turn of a slice of long work: of a search, or a stream that catches up. All long
 * work of the process shares the slices, one at a time, and other work of the event loop comes first. Other work does not wait.
 */
export function longWorkSlice(isLongWork = true): Promise<void> {
  if (!isLongWork) return Promise.resolve();
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length > 1 || turnsLeft > 0) return;
    turnsLeft = 1;
    setImmediate(nextTurn);
  });
}

function nextTurn(): void {
  turnsLeft -= 1;
  if (turnsLeft === 0 && waiting.length > 0) {
    // promise: one-reader-slice-at-a-time
    for (const next of waiting.splice(0, 1)) next();
    turnsLeft = TURNS_PER_SLICE;
  }
  if (turnsLeft > 0) setImmediate(nextTurn);
}

/** Maps a list like `Array.map`, but in slices of long work. */
export async function mapYielding<T, R>(list: readonly T[], map: (item: T, index: number) => R): Promise<R[]> {
  const results: R[] = [];
  let sliceStart = performance.now();
  for (const [index, item] of list.entries()) {
    results.push(map(item, index));
    if (performance.now() - sliceStart < SLICE_MS) continue;
    await longWorkSlice();
    sliceStart = performance.now();
  }
  return results;
}
