// CSV (RFC 4180) that spreadsheets open without running what is in it.

/** A value that JSON has no shorter form for is written as JSON text. */
export type CsvValue = string | number | boolean | object | null;

/**
 * What a spreadsheet may take for a formula or a command (also in full width, as East Asian ones do), and the apostrophe that
 * is put in front of it, so that whoever reads it by program can take that one off again.
 */
const RISKY = /^[=+\-@\t\r\n'\uff1d\uff0b\uff0d\uff20]/;
const NEEDS_QUOTES = /[",;\t\r\n]|^\s|\s$/;

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
