// Long synchronous work in slices, so that requests and timers run in between.

/** Time slice in milliseconds before yielding to the event loop. */
const SLICE_MS = 10;

/** Resolves after the event loop has handled the I/O that is pending now. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Maps a list like `Array.map`, but yields to the event loop after each time slice. */
export async function mapYielding<T, R>(list: readonly T[], map: (item: T, index: number) => R): Promise<R[]> {
  const results: R[] = [];
  let sliceStart = performance.now();
  for (const [index, item] of list.entries()) {
    results.push(map(item, index));
    if (performance.now() - sliceStart < SLICE_MS) continue;
    await yieldToEventLoop();
    sliceStart = performance.now();
  }
  return results;
}
