// Writes JSON on one line, by every definition of a line.

/**
 * Returns the value as JSON for a line of a stream or of an NDJSON file.
 * @throws {TypeError} if the value has no JSON, as JSON.stringify does.
 */
export function jsonOnOneLine(value: unknown): string {
  return onOneLine(JSON.stringify(value));
}

/**
 * Escapes U+0085, U+2028 and U+2029, which JSON.stringify leaves as they are and at which many readers end a line. A parser
 * returns the same value.
 */
export function onOneLine(json: string): string {
  // promise: line-of-json-is-one-line
  return json.replace(/[\u0085\u2028\u2029]/g, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
