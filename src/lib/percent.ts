// The one format of shares for people, in the terminal and on the pages.

/**
 * Returns `12.5 %` with one decimal at most, or null for a share of nothing. Only what is exactly none or all is `0 %` or `100 %`:
 * a share close to it is `<0.1 %` or `>99.9 %`.
 */
export function percent(part: number, whole: number): string | null {
  if (whole === 0) return null;
  const exact = (100 * part) / whole;
  const rounded = Number(exact.toFixed(1));
  // promise: share-near-none-is-not-none
  if (rounded === 0 && exact > 0) return '<0.1 %';
  if (rounded === 100 && exact < 100) return '>99.9 %';
  return `${rounded} %`;
}
