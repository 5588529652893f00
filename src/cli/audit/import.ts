// `audit import` and `executions import`: make a database from exports, for inspection. No receiver starts on it.

import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { readVariable } from '../../config/config.ts';
import type { JsonObject } from '../../execution/json.ts';
import { many } from '../../lib/figures.ts';
import { isoTime } from '../../lib/time.ts';
import type { ExportManifest } from '../../store/export-manifest.ts';
import type { AuditHead } from '../../store/port.ts';
import { BackupFailed, discardCopy, publishCopy, unusedPath } from '../../store/sqlite/file/backup.ts';
import { refuseLostFile } from '../../store/sqlite/file/copies.ts';
import { refusal } from '../../store/sqlite/file/database-refused.ts';
import { type OpenDatabase, openDatabase } from '../../store/sqlite/file/open.ts';
import { codeOf, concernsTheStore } from '../../store/sqlite/file/result-codes.ts';
import { createRowImport, type ImportRows } from '../../store/sqlite/import/import-rows.ts';
import { type CommandContext, CommandError, type Declare } from '../context.ts';
import { jsonOption, withHelp } from '../options.ts';
import { writeResult } from '../print.ts';
import { readRows } from './read-csv.ts';
import { auditRowIn, hashOfFile, isCsv, manifestOf, manifestProblem } from './read-export.ts';

interface Counts {
  entries: number;
  executions: number;
  others: number;
}

interface Source {
  readonly path: string;
  readonly manifest: ExportManifest | null;
  readonly first: number;
}

export const importExports: Declare = (command, context) =>
  withHelp(command, {
    description: `Makes a new database from exports of the trail, of executions and of RETENTION_EXPORT_DIR: NDJSON or
CSV, compressed or not, in any order. "audit verify", "audit query", "stats" and all other commands that read work on
it. It is marked, so that no receiver starts on it.`,
    notes:
      'A file that differs from its manifest is refused. Without filters, and with its manifest beside it, the trail verifies.',
    exitCodes: '0 done, 2 the command could not be carried out and no file was written',
    examples: [
      'npm run -s audit -- import exports/*.ndjson.gz --into inspect.db',
      'npm run -s audit -- verify inspect.db',
      'npm run -s stats -- --database inspect.db --from 2026-01-01 --to 2026-02-01',
    ],
  })
    .argument('<files...>', 'the exports')
    .requiredOption('--into <path>', 'the new database, which must not exist')
    .addOption(jsonOption)
    .action(async (files, { into, json = false }) => {
      const path = resolve(into);
      if (!existsSync(dirname(path)))
        throw new CommandError(`${dirname(path)} does not exist: create the folder first`);
      if (existsSync(path))
        throw new CommandError(`${path} exists: an import makes a new database; move it away first`);
      unusedPath(path);
      refuseLostFile(path);
      const sources = await sourcesOf(files);
      const counts = await importInto(path, sources, context);
      const { entries, executions, others } = counts;
      const counted = `${many(entries, 'audit entry')}, ${many(executions, 'execution')}, ${many(others, 'other row')}`;
      writeResult(context, json, { path, ...counts }, `${path}: ${counted}, for inspection`);
    });

/** Returns the files in the order of their first entries. @throws {CommandError} if one is not as its manifest states. */
async function sourcesOf(files: readonly string[]): Promise<Source[]> {
  const sources: Source[] = [];
  for (const path of files) {
    if (!existsSync(path)) throw new CommandError(`${path} does not exist`);
    const manifest = manifestOf(path);
    const problem = manifest && (await manifestProblem(path, manifest));
    if (problem !== null) throw new CommandError(`${basename(path)}: ${problem}`);
    sources.push({ path, manifest, first: (await firstEntry(path)) ?? Infinity });
  }
  return sources.toSorted((a, b) => a.first - b.first);
}

async function firstEntry(path: string): Promise<number | null> {
  for await (const row of readRows(path)) {
    const entry = auditRowIn(row);
    if (entry !== null) return entry.id;
  }
  return null;
}

async function importInto(path: string, sources: readonly Source[], context: CommandContext): Promise<Counts> {
  const stop = context.interrupted();
  warnOfOthers(path, context);
  const mode = readVariable(context.env(), 'DATABASE_MODE');
  // Another import may make a file of this name at the same time: the first one to be complete gets it.
  const partial = `${path}.${context.world.id(context.world.now())}.partial`;
  try {
    const database = openDatabase(partial, undefined, { mode });
    let counts: Counts;
    try {
      counts = await importAll(database, sources, { at: isoTime(context.world.now()), stop });
    } finally {
      database.close();
    }
    publishCopy(partial, path);
    return counts;
  } catch (error) {
    throw error instanceof BackupFailed ? new CommandError(error.message) : error;
  } finally {
    // promise: failed-import-has-no-file
    discardCopy(partial);
  }
}

/** An import that was killed leaves files as large as a database, and no other one knows whether it still runs. */
function warnOfOthers(path: string, { writeError }: CommandContext): void {
  const isOther = (name: string) => name.startsWith(`${basename(path)}.`) && name.endsWith('.partial');
  // promise: leftover-of-an-import-is-named
  for (const other of readdirSync(dirname(path)).filter(isOther)) {
    writeError(
      `${other} exists: another import is running, or one was interrupted; remove ${other}* if none is running\n`,
    );
  }
}

interface ImportOptions {
  readonly at: string;
  readonly stop: AbortSignal;
}

/** Payloads come last: they complete the rows that retention exported without them. */
async function importAll(
  { client, file }: OpenDatabase,
  sources: readonly Source[],
  { at, stop }: ImportOptions,
): Promise<Counts> {
  const rows = createRowImport(client);
  const counts: Counts = { entries: 0, executions: 0, others: 0 };
  client.exec('BEGIN IMMEDIATE');
  try {
    for (const isPayload of [false, true]) {
      for (const source of sources.filter(({ path }) => holdsPayloads(path) === isPayload)) {
        const before = counts.entries + counts.executions + counts.others;
        await importFile(source, rows, { counts, stop });
        const imported = counts.entries + counts.executions + counts.others - before;
        const { path } = source;
        rows.file({ file: basename(path), sha256: await hashOfFile(path), rows: imported }, at);
      }
    }
    client.exec('COMMIT');
    // A single file, as a backup is.
    client.pragma('journal_mode = DELETE');
    return counts;
  } catch (error) {
    if (client.inTransaction) client.exec('ROLLBACK');
    if (concernsTheStore(error)) throw refusal(file, error);
    throw codeOf(error) === '' ? error : new CommandError(`The rows do not fit: ${(error as Error).message}`);
  }
}

function holdsPayloads(path: string): boolean {
  return basename(path).startsWith('payloads-');
}

interface Importing {
  readonly counts: Counts;
  readonly stop: AbortSignal;
}

async function importFile({ path, manifest }: Source, rows: ImportRows, { counts, stop }: Importing): Promise<void> {
  // CSV does not distinguish a text from a number, and a masked export has other values.
  const isExact = !isCsv(path) && manifest?.isMasked !== true;
  let known = 0;
  for await (const row of readRows(path)) {
    // promise: interrupted-import-has-no-file
    if (stop.aborted) throw new CommandError('Interrupted: no file was written');
    const kind = importRow(row, rows, { isExact, after: manifest?.chain?.after ?? null });
    if (kind === null) continue;
    known += 1;
    counts[kind] += 1;
  }
  if (known === 0) throw new CommandError(`${basename(path)} has no row of an export`);
}

interface RowOptions {
  readonly isExact: boolean;
  readonly after: AuditHead | null;
}

/** Returns the kind of the row; null for a row of no known kind. */
function importRow(row: JsonObject, rows: ImportRows, { isExact, after }: RowOptions): keyof Counts | null {
  const entry = auditRowIn(row);
  if (entry !== null) {
    rows.entry(entry, entry.id === 1 ? { id: 0, hash: '0'.repeat(64) } : after);
    return 'entries';
  }
  if (typeof row['type'] === 'string') {
    rows.record(row);
    return row['type'] === 'execution' ? 'executions' : 'others';
  }
  if (typeof row['correlationId'] !== 'string' || typeof row['submittedAt'] !== 'string') return null;
  rows.execution(row, isExact);
  return 'executions';
}
