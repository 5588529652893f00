// Works through a long list without keeping everybody else waiting.

/** So long at a stretch, in milliseconds. */
const STRETCH_MS = 10;

/** As `map`, but between stretches the event loop serves others. */
export async function mapYielding<T, R>(list: readonly T[], work: (one: T, index: number) => R): Promise<R[]> {
  const results: R[] = [];
  let began = performance.now();
  for (const [index, one] of list.entries()) {
    results.push(work(one, index));
    if (performance.now() - began < STRETCH_MS) continue;
    await new Promise(setImmediate);
    began = performance.now();
  }
  return results;
}
