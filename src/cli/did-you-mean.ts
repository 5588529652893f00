// Guesses what was meant by a word that is none of those that are known.

/** ` (did you mean …?)`, or nothing when nothing is near. */
export function orNearest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === null ? '' : ` (did you mean ${near}?)`;
}

function nearest(word: string, known: readonly string[]): string | null {
  const lower = word.toLowerCase();
  const begun = known.filter((one) => lower.length > 2 && one.toLowerCase().startsWith(lower));
  if (begun.length === 1) return begun[0] ?? null;
  const ranked = known
    .map((one) => ({ one, distance: editsBetween(lower, one.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(lower.length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  return ranked[0]?.one ?? null;
}

/** Insertions, deletions, replacements and swaps of neighbours (Damerau's, restricted). */
function editsBetween(one: string, other: string): number {
  let previous: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const edits = [replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1];
      next.push(Math.min(...edits, ...(swapped ? [(previous[j - 2] ?? 0) + 1] : [])));
    }
    previous = row;
    row = next;
  }
  return row[other.length] ?? 0;
}
