// The JSON of values that become text of PostgreSQL.

/** An escaped NUL, or an escaped half of a surrogate pair. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;

/**
 * Returns the values as JSON. PostgreSQL's text has no NUL and no half of a surrogate pair: in a text of CXone they are replaced. A
 * text that is JSON itself has them as escapes, which stay.
 */
export function storableJson(values: object): string {
  const text = JSON.stringify(values);
  if (!UNSTORABLE.test(text)) return text;
  return JSON.stringify(values, (_name, value) => (typeof value === 'string' ? storable(value) : value));
}

/** Returns the text as it is stored. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}
