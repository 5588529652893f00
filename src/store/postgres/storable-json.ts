// Values that become text of PostgreSQL, which has no NUL and no half of a surrogate pair.

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

/** Returns the values as a PostgreSQL array. The driver would take several times as long. */
export function arrayText(values: readonly unknown[]): string {
  return `{${values.map(elementText).join()}}`;
}

function elementText(value: unknown): string {
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  return value === null ? 'NULL' : String(value);
}

/** A text that is stored nowhere: Unicode assigns its first character to nothing. */
const NOTHING = '\uffffno stored text';

/**
 * Returns the values as parameters of a query that compares them. A text that PostgreSQL cannot have equals no stored text; the server
 * refuses the query with a NUL, and the driver changes half of a surrogate pair. Null would lift the condition of an optional filter.
 */
export function comparable(values: readonly unknown[]): unknown[] {
  return values.map((value) => {
    if (Array.isArray(value)) return comparable(value);
    // promise: postgres/unstorable-text-matches-nothing
    return typeof value === 'string' && !isStorable(value) ? NOTHING : value;
  });
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
