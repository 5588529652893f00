// Writes what is looked through as CSV or NDJSON, a stretch at a time: a million rows take no more memory than a thousand.

import { yieldToEventLoop } from '../lib/event-loop.ts';
import { type CommandContext, CommandError } from './context.ts';
import { type CsvValue, csvLine } from './csv.ts';
import { oneOf } from './filters.ts';
import { createOutFile } from './out-file.ts';
import { grouped, showProgress } from './print.ts';

export const EXPORT_FLAGS = { format: { type: 'string' }, out: { type: 'string' } } as const;

export const EXPORT_HELP = `  --format F      csv or ndjson; by the ending of FILE unless said, else ndjson
  --out FILE      there instead of stdout: it gets its name when it is whole and on disk; nothing is overwritten`;

export const CSV_HELP = `CSV is RFC 4180: a line of names, commas, CRLF; what is structured stands in it as JSON. A text that a spreadsheet might run
as a formula (= + - @, tab, line end, ' in front) gets an apostrophe in front; whoever reads it by program takes one off.
NDJSON is exact.`;

export type Format = 'csv' | 'ndjson';

/** @throws {CommandUsage} */
export function readFormat({
  format,
  out,
}: {
  readonly format?: string | undefined;
  readonly out?: string | undefined;
}) {
  if (format !== undefined) return oneOf('--format', format, ['csv', 'ndjson']);
  return out?.toLowerCase().endsWith('.csv') ? 'csv' : 'ndjson';
}

export interface Source<T> {
  readonly stretches: Iterable<{ readonly found: readonly T[]; readonly looked: number }>;
  readonly total: number;
  /** One row, by the names of its members. */
  readonly represent: (one: T) => Readonly<Record<string, CsvValue>>;
  /** The columns of CSV, in their order. */
  readonly names: readonly string[];
}

/** Returns the exit code. */
export async function writeExport<T>(
  { stretches, total, represent, names }: Source<T>,
  { format, out }: { readonly format: Format; readonly out?: string | undefined },
  context: CommandContext,
): Promise<number> {
  const stop = context.interrupted();
  const file = out === undefined ? null : await createOutFile(out);
  const progress = showProgress('exporting', context, 'rows');
  const put = (text: string) => (file === null ? context.writeStream(text) : file.write(text));
  const lineOf = (one: T) => {
    const row = represent(one);
    return format === 'csv' ? csvLine(names.map((name) => row[name] ?? null)) : `${JSON.stringify(row)}\n`;
  };
  let [rows, looked] = [0, 0];
  try {
    if (format === 'csv') await put(csvLine(names));
    for (const stretch of stretches) {
      await put(stretch.found.map(lineOf).join(''));
      rows += stretch.found.length;
      looked += stretch.looked;
      progress.at(Math.max(looked, rows), total);
      await yieldToEventLoop();
      if (stop.aborted)
        throw new CommandError(`Interrupted after ${grouped(rows)} rows${file === null ? '' : ': no file'}`);
    }
    progress.done();
    await file?.finish();
  } catch (error) {
    progress.done();
    await file?.discard();
    throw error;
  }
  if (file !== null) context.writeError(`${file.path}: ${grouped(rows)} rows\n`);
  return 0;
}
