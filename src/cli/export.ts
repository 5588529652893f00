// Writes rows as CSV or NDJSON, one batch at a time: a million rows take no more memory than a thousand.

import { basename } from 'node:path';
import type { Command, OptionValues } from '@commander-js/extra-typings';
import { readVariable } from '../config/config.ts';
import { yieldToEventLoop } from '../lib/event-loop.ts';
import { many } from '../lib/figures.ts';
import { type CsvValue, csvLine, jsonOnOneLine } from '../lib/lines.ts';
import { isoTime } from '../lib/time.ts';
import {
  type ChainPlace,
  type ExportContent,
  manifestName,
  manifestText,
  tallyBytes,
} from '../store/export-manifest.ts';
import type { Batches } from '../store/reader-port.ts';
import { type CommandContext, CommandError } from './context.ts';
import { choiceOption, TIME_HELP } from './options.ts';
import { createOutFile, type OutFile } from './out-file.ts';
import { showProgress } from './print.ts';

const FORMATS = ['csv', 'ndjson'] as const;

/** Adds the options that state where an export goes, and in which form. */
export function addDestination<A extends unknown[], O extends OptionValues>(command: Command<A, O>) {
  return command
    .addOption(choiceOption('--format <format>', 'by the extension of FILE, else ndjson', FORMATS))
    .option(
      '--out <file>',
      'write to this file instead of stdout; it appears when it is complete and on disk, and must not exist',
    )
    .option('--bom', 'begin CSV with a UTF-8 byte order mark, for spreadsheets')
    .option('--manifest <file>', 'write the manifest to this file; default: FILE.manifest.json beside --out');
}

export const EXPORT_HELP = `CSV is RFC 4180: a header, commas, CRLF; objects are JSON in a field. A text that a spreadsheet could run as a formula (it
begins with = + - @, a tab, a line end or ') gets an apostrophe in front; programs that read the file remove one apostrophe.
Spreadsheets need --bom to read text that is not ASCII; programs that read the file skip the mark. NDJSON is exact.
${TIME_HELP}`;

type Format = (typeof FORMATS)[number];

interface FormatOptions {
  readonly format?: Format | undefined;
  readonly out?: string | undefined;
  readonly bom?: true | undefined;
  readonly manifest?: string | undefined;
}

/** @throws {CommandError} for a byte order mark in NDJSON, which no JSON parser accepts. */
function readFormat({ format, out, bom }: FormatOptions): Format {
  const chosen = format ?? (out?.toLowerCase().endsWith('.csv') ? 'csv' : 'ndjson');
  if (bom && chosen !== 'csv') {
    throw new CommandError('--bom requires CSV, and NDJSON has no byte order mark: add --format csv, or omit --bom');
  }
  return chosen;
}

export interface Source<T> {
  readonly content: ExportContent;
  /** The filters as the manifest has them. */
  readonly filter: object;
  /** True if values are hidden, so that entries do not have their hash. */
  readonly isMasked: boolean;
  /** Returns the place of the written entries in the chain; null for rows without one. */
  readonly chain?: () => Promise<ChainPlace | null>;
  readonly batches: Batches<T>;
  readonly total: number;
  /** Returns a row: values by column name. */
  readonly represent: (item: T) => Readonly<Record<string, CsvValue>>;
  /** The columns of CSV, in order. */
  readonly names: readonly string[];
}

/** @throws {CommandError} if it is interrupted or the file cannot be created. @throws {BrokenPipe} */
export async function writeExport<T>(
  source: Source<T>,
  options: FormatOptions,
  context: CommandContext,
): Promise<void> {
  const { batches, total, represent, names, content, filter, isMasked, chain = async () => null } = source;
  const format = readFormat(options);
  const { out, bom, manifest = out === undefined ? undefined : manifestName(out) } = options;
  const stop = context.interrupted();
  const mode = readVariable(context.env(), 'DATABASE_MODE');
  const createdAt = isoTime(context.world.now());
  const file = out === undefined ? null : await createOutFile(out, mode);
  const beside = manifest === undefined ? null : await createBeside(manifest, mode, file);
  const named = file === null ? 'stdout' : basename(file.path);
  const tally = tallyBytes();
  const progress = showProgress('exporting', context, 'rows');
  const put = (text: string) => {
    tally.add(text);
    return file === null ? context.writeStream(text) : file.write(text);
  };
  const lineOf = (item: T) => {
    const row = represent(item);
    return format === 'csv' ? csvLine(names.map((name) => row[name] ?? null)) : `${jsonOnOneLine(row)}\n`;
  };
  let [rows, scanned] = [0, 0];
  try {
    // promise: csv-has-byte-order-mark
    if (format === 'csv') await put(`${bom ? BYTE_ORDER_MARK : ''}${csvLine(names)}`);
    for await (const batch of batches) {
      await put(batch.found.map(lineOf).join(''));
      rows += batch.found.length;
      scanned += batch.scanned;
      progress.at(Math.max(scanned, rows), total);
      await yieldToEventLoop();
      if (stop.aborted) {
        throw new CommandError(`Interrupted after ${many(rows, 'row')}${file === null ? '' : '; no file was written'}`);
      }
    }
    progress.done();
    const described = { file: named, content, createdAt, ...tally.result(), rows, filter: { ...filter }, isMasked };
    await beside?.write(manifestText({ ...described, chain: await chain() }));
    await file?.finish();
    await beside?.finish();
  } catch (error) {
    progress.done();
    // The first failure is the one to report.
    await Promise.allSettled([file?.discard(), beside?.discard()]);
    throw error;
  }
  if (file !== null) context.writeError(`${file.path}: ${many(rows, 'row')}\n`);
}

/** Returns the filters that restrict an export, with times as ISO 8601. */
export function manifestFilter({ hidden: _hidden, ...filter }: { readonly [name: string]: unknown }): object {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, typeof value === 'number' ? isoTime(value) : value]));
}

/** Creates the manifest before anything is written, so that an existing one ends the command early. */
async function createBeside(path: string, mode: number, file: OutFile | null): Promise<OutFile> {
  try {
    return await createOutFile(path, mode);
  } catch (error) {
    await file?.discard();
    throw error;
  }
}

/** U+FEFF. Spreadsheets read CSV without it in a legacy encoding. */
const BYTE_ORDER_MARK = '\uFEFF';
