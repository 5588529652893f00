// Under which name a submission is kept so that it can be sent again: the app's Idempotency-Key, or one made of it for each
// submission of a batch.

/**
 * The name of a batch: the app's key, and what was sent under it. A key holds no space (http/idempotency-key.ts sees to it),
 * so that no key of an app can be taken for a name made here.
 */
export function batchName(key: string, fingerprint: string): string {
  return `${key} ${fingerprint}`;
}

/** The name of one submission of a batch, by its place in it. */
export function itemName(batch: string, index: number): string {
  return `${batch} ${index}`;
}

/** The key as the app sent it. */
export function appKeyOf(name: string): string {
  return name.split(' ', 1)[0] ?? '';
}

/** What came in one request has this in common: the name of its batch, or the key of a single submission. */
export function requestNameOf(name: string): string {
  const space = name.lastIndexOf(' ');
  return space === -1 ? name : name.slice(0, space);
}

/** All names that are made of a key, and the key itself, lie from `from` on and before `to`. */
export function nameRange(key: string): { readonly from: string; readonly to: string } {
  // "!" is what comes after the space, and the first character that a longer key could go on with.
  return { from: key, to: `${key}!` };
}
