// Rounds durations to steps that grow with them, so that a few hundred values stand for all.

/** Durations below this are exact. */
const EXACT_BELOW_MS = 100;
/** Durations from this on are equal: 24 days. */
const LONGEST_MS = 2_000_000_000;

/** Returns the nearest multiple of a step of 2 to 5 % of the duration, in milliseconds; at most 2.5 % away. Keeps the sign. */
export function roundDuration(ms: number): number {
  const size = Math.min(Math.round(Math.abs(ms)), LONGEST_MS);
  if (size < EXACT_BELOW_MS) return Math.sign(ms) * size || 0;
  const step = stepAt(size);
  return Math.sign(ms) * Math.round(size / step) * step;
}

/** Returns 5 from 100 on, 10 from 200 on, 20 from 500 on, 50 from 1,000 on, and so on. */
function stepAt(size: number): number {
  let decade = 10;
  while (size >= decade * 100) decade *= 10;
  if (size < 20 * decade) return decade / 2;
  return size < 50 * decade ? decade : 2 * decade;
}
