// Writes rows as CSV or NDJSON, one batch at a time: a million rows take no more memory than a thousand.

import { Option } from '@commander-js/extra-typings';
import { readVariable } from '../config/config.ts';
import { yieldToEventLoop } from '../lib/event-loop.ts';
import { jsonOnOneLine } from '../lib/json-line.ts';
import { type CommandContext, CommandError } from './context.ts';
import { choiceOption, TIME_HELP } from './options.ts';
import { createOutFile } from './out-file.ts';
import { grouped, showProgress } from './print.ts';

const FORMATS = ['csv', 'ndjson'] as const;

export const formatOption = choiceOption('--format <format>', 'by the extension of FILE, else ndjson', FORMATS);
export const outOption = new Option(
  '--out <file>',
  'write to this file instead of stdout; it appears when it is complete and on disk, and must not exist',
);
export const bomOption = new Option('--bom', 'begin CSV with a UTF-8 byte order mark, for spreadsheets');

export const EXPORT_HELP = `CSV is RFC 4180: a header, commas, CRLF; objects are JSON in a field. A text that a spreadsheet could run as a formula (it
begins with = + - @, a tab, a line end or ') gets an apostrophe in front; programs that read the file remove one apostrophe.
Spreadsheets need --bom to read text that is not ASCII; programs that read the file skip the mark. NDJSON is exact.
${TIME_HELP}`;

type Format = (typeof FORMATS)[number];

interface FormatOptions {
  readonly format?: Format | undefined;
  readonly out?: string | undefined;
  readonly bom?: true | undefined;
}

/** @throws {CommandError} for a byte order mark in NDJSON, which no JSON parser accepts. */
function readFormat({ format, out, bom }: FormatOptions): Format {
  const chosen = format ?? (out?.toLowerCase().endsWith('.csv') ? 'csv' : 'ndjson');
  if (bom && chosen !== 'csv') {
    throw new CommandError('--bom requires CSV, and NDJSON has no byte order mark: add --format csv, or omit --bom');
  }
  return chosen;
}

/** Objects are written as JSON text. */
type CsvValue = string | number | boolean | object | null;

export interface Source<T> {
  readonly batches: Iterable<{ readonly found: readonly T[]; readonly scanned: number }>;
  readonly total: number;
  /** Returns a row: values by column name. */
  readonly represent: (item: T) => Readonly<Record<string, CsvValue>>;
  /** The columns of CSV, in order. */
  readonly names: readonly string[];
}

/** @throws {CommandError} if it is interrupted or the file cannot be created. @throws {BrokenPipe} */
export async function writeExport<T>(
  { batches, total, represent, names }: Source<T>,
  options: FormatOptions,
  context: CommandContext,
): Promise<void> {
  const format = readFormat(options);
  const { out, bom } = options;
  const stop = context.interrupted();
  const file = out === undefined ? null : await createOutFile(out, readVariable(context.env(), 'DATABASE_MODE'));
  const progress = showProgress('exporting', context, 'rows');
  const put = (text: string) => (file === null ? context.writeStream(text) : file.write(text));
  const lineOf = (item: T) => {
    const row = represent(item);
    return format === 'csv' ? csvLine(names.map((name) => row[name] ?? null)) : `${jsonOnOneLine(row)}\n`;
  };
  let [rows, scanned] = [0, 0];
  try {
    // promise: csv-has-byte-order-mark
    if (format === 'csv') await put(`${bom ? BYTE_ORDER_MARK : ''}${csvLine(names)}`);
    for (const batch of batches) {
      await put(batch.found.map(lineOf).join(''));
      rows += batch.found.length;
      scanned += batch.scanned;
      progress.at(Math.max(scanned, rows), total);
      await yieldToEventLoop();
      if (stop.aborted) {
        throw new CommandError(
          `Interrupted after ${grouped(rows)} rows${file === null ? '' : '; no file was written'}`,
        );
      }
    }
    progress.done();
    await file?.finish();
  } catch (error) {
    progress.done();
    await file?.discard();
    throw error;
  }
  if (file !== null) context.writeError(`${file.path}: ${grouped(rows)} rows\n`);
}

/** U+FEFF. Spreadsheets read CSV without it in a legacy encoding. */
const BYTE_ORDER_MARK = '\uFEFF';

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
