// The bounds of ranges of references, which rows have as bytes.

/** Returns the stored form of a bound of references: the beginning of a UUID, which may end with `~` for all that begin with it. */
export function referenceBound(text: string): Buffer | string {
  if (!BOUND.test(text)) return text;
  return Buffer.from(text.replaceAll('-', '').replace('~', 'ff'), 'hex');
}

const BOUND = /^[0-9a-f]{8}(-[0-9a-f]{4}){1,3}(-[0-9a-f]{12})?~?$/;
