// The difference between the clock of this receiver and that of the database, which is reported when it is large.

/** A larger difference is a fault of one of the clocks. */
export const MAX_CLOCK_DIFFERENCE_MS = 2_000;

/** Returns what is wrong and the remedy; null while the clocks agree. @param aheadMs how far the clock of this machine is ahead */
export function clockDifferenceProblem(aheadMs: number): string | null {
  // promise: clock-difference-is-reported
  if (Math.abs(aheadMs) <= MAX_CLOCK_DIFFERENCE_MS) return null;
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  const how = aheadMs > 0 ? 'ahead of' : 'behind';
  return `the clock of this machine is ${seconds} s ${how} the clock of the database: set both right (NTP)`;
}
