// Writes lines of CSV and of JSON: JSON on one line, by every definition of a line.

/** Objects are written as JSON text. */
export type CsvValue = string | number | boolean | object | null;

/** What a spreadsheet may run as a formula or command, in full width too; and the apostrophe that is put in front of it. */
const RISKY = /^[=+\-@\t\r\n'\uff1d\uff0b\uff0d\uff20]/;
const NEEDS_QUOTES = /[",;\t\r\n]|^\s|\s$/;

/** Returns a line of CSV (RFC 4180) that spreadsheets open without running its content. */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(csvField).join(',')}\r\n`;
}

function csvField(value: CsvValue): string {
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // promise: csv-runs-no-formula
  const harmless = RISKY.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

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
