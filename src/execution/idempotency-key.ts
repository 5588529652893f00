// Stored name of an idempotent submission: the app's Idempotency-Key, or a name derived from it for each item of a batch.

/**
 * Returns the name of a batch: the app's key and the fingerprint of the batch. Keys contain no spaces (see
 * http/request/submission-headers.ts), so that no key equals a derived name.
 */
export function batchName(key: string, fingerprint: string): string {
  return `${key} ${fingerprint}`;
}

/** Returns the name of one item of a batch. */
export function itemName(batch: string, index: number): string {
  return `${batch} ${index}`;
}

/** Returns the key as the app sent it. */
export function appKeyOf(name: string): string {
  return name.split(' ', 1)[0] ?? '';
}

/** Returns the name shared by all submissions of one request: the batch name, or the key of a single submission. */
export function requestNameOf(name: string): string {
  const space = name.lastIndexOf(' ');
  return space === -1 ? name : name.slice(0, space);
}

/** A range of names; `to` is exclusive. */
export interface NameRange {
  readonly from: string;
  readonly to: string;
}

/** Returns the range of a key and all names derived from it. */
export function nameRange(key: string): NameRange {
  // "!" sorts directly after the space, and is the first character that a longer key could continue with.
  return { from: key, to: `${key}!` };
}

/** Returns the ranges that hold the names of all other requests with the key of this name. */
export function otherRequestRanges(name: string): NameRange[] {
  const key = appKeyOf(name);
  const all = nameRange(key);
  if (name === key) return [{ from: `${key} `, to: all.to }];
  const own = nameRange(requestNameOf(name));
  return [
    { from: all.from, to: own.from },
    { from: own.to, to: all.to },
  ];
}
