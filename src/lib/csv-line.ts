// Lines of CSV (RFC 4180).

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
