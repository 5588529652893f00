// `audit verify FILE…`: verifies exported entries without a database, or together with the database that they were pruned from.

import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { JsonObject } from '../../execution/json.ts';
import { many } from '../../lib/figures.ts';
import type { ExportManifest } from '../../store/export-manifest.ts';
import type { AuditHead } from '../../store/port.ts';
import type { TrailReader } from '../../store/reader-port.ts';
import type { SignedHead } from '../../store/signed-head.ts';
import type { Finding, HeadVerdict } from '../../store/verification.ts';
import { createExportVerification, type ExportVerification, type FileVerdict } from '../../store/verify/exported.ts';
import { createExportedRowCheck } from '../../store/verify/exported-rows.ts';
import { type CommandContext, CommandError } from '../context.ts';
import { withTrail } from '../database.ts';
import type { Line } from '../print.ts';
import { readRows } from './read-csv.ts';
import { auditRowIn, isCsv, isExport, manifestOf, manifestProblem } from './read-export.ts';

interface VerifiedFile extends FileVerdict {
  readonly path: string;
  readonly manifest: 'agrees' | 'differs' | 'missing';
  /** True if its entries were verified one by one: it has some, and was exported without filters. */
  readonly isChained: boolean;
}

export interface FilesReport {
  readonly files: readonly VerifiedFile[];
  /** The database that continues the files; null without one. */
  readonly database: string | null;
  readonly findings: readonly Finding[];
  readonly heads: readonly HeadVerdict[];
  /** Entries that were reduced by an erasure which none of the files has. */
  readonly unconfirmed: readonly number[];
  /** What could not be verified, in words. */
  readonly notes: readonly string[];
}

/** @throws {CommandError} if a file cannot be read as an export. */
export async function verifyFiles(
  paths: readonly string[],
  signed: readonly SignedHead[],
  context: Pick<CommandContext, 'env'>,
): Promise<FilesReport> {
  const databases = paths.filter((path) => !isExport(path));
  if (databases.length > 1) throw new CommandError('Name one database at most, and the exports of that database.');
  const exports = await inOrder(paths.filter((path) => !databases.includes(path)));
  const good = signed.filter(({ signature }) => signature === 'good');
  const verification = createExportVerification(good);
  const rows = createExportedRowCheck();
  const hasRows = exports.some(({ isTrail }) => !isTrail);
  const found: Finding[] = [];
  const files: VerifiedFile[] = [];
  for (const { path, manifest } of exports) {
    const problem = manifest && (await manifestProblem(path, manifest));
    if (problem !== null) found.push({ kind: 'altered', entry: null, message: `${basename(path)}: ${problem}` });
    const verdict = fileVerdict(path, manifest, verification);
    const unreadable = await readFile(path, (row) => {
      const entry = auditRowIn(row);
      if (entry === null) rows.row(row, !isCsv(path) && manifest?.isMasked !== true);
      else verification.entry(entry);
      if (entry !== null && hasRows) rows.entry(entry);
    });
    if (unreadable !== null) found.push({ kind: 'altered', entry: null, message: unreadable });
    const compared = problem === null ? 'agrees' : 'differs';
    files.push({
      ...verdict,
      path,
      manifest: manifest === null ? 'missing' : compared,
      isChained: verdict.join !== null,
    });
  }
  const [database = null] = databases;
  const continued =
    database === null ? null : await withTrail(context, database, (trail) => continueWith(trail, verification, good));
  const { findings, heads, unconfirmed } = verification.end();
  return {
    files,
    database,
    findings: [...found, ...findings, ...rows.findings, ...(continued?.findings ?? [])],
    heads: mergedHeads(heads, continued?.heads ?? []),
    unconfirmed,
    notes: continued?.notes ?? [],
  };
}

interface Ordered {
  readonly path: string;
  readonly manifest: ExportManifest | null;
  /** The first entry; null without entries. */
  readonly first: number | null;
  /** True if the file has nothing but audit entries. */
  readonly isTrail: boolean;
}

/** Returns the files in the order of their first entries; those without entries come last. */
async function inOrder(paths: readonly string[]): Promise<Ordered[]> {
  const known = await Promise.all(
    paths.map(async (path) => ({ path, manifest: manifestOf(path), ...(await beginningOf(path)) })),
  );
  return known.toSorted((a, b) => (a.first ?? Infinity) - (b.first ?? Infinity));
}

async function beginningOf(path: string): Promise<Pick<Ordered, 'first' | 'isTrail'>> {
  let isTrail = true;
  try {
    for await (const row of readRows(path)) {
      const entry = auditRowIn(row);
      // An export of retention has executions and bodies among its entries.
      isTrail &&= entry !== null && row['type'] === undefined;
      if (entry !== null) return { first: entry.id, isTrail };
    }
  } catch (error) {
    // The walk reports it.
    if (!(error instanceof CommandError) || !existsSync(path)) throw error;
  }
  return { first: null, isTrail };
}

function fileVerdict(path: string, manifest: ExportManifest | null, verification: ExportVerification): FileVerdict {
  return verification.file({
    name: basename(path),
    after: manifest?.chain?.after ?? null,
    isMasked: manifest?.isMasked === true,
    isFiltered: Object.keys(manifest?.filter ?? {}).some((name) => name !== 'from' && name !== 'to'),
  });
}

/** Returns why the file cannot be read to its end; null if it can. */
async function readFile(path: string, use: (row: JsonObject) => void): Promise<string | null> {
  try {
    for await (const row of readRows(path)) use(row);
    return null;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return error.message;
  }
}

/** Verifies the database, and that it continues the files. */
async function continueWith(trail: TrailReader, verification: ExportVerification, heads: readonly SignedHead[]) {
  const { findings, heads: judged, prunedThrough } = await trail.verify({ heads });
  for (const row of await trail.erasures()) verification.erased(row);
  const last = verification.last();
  const join = last === null ? null : await joinOf(trail, last, prunedThrough);
  return {
    findings: [...findings, ...(join?.finding ?? [])],
    heads: judged,
    notes: join?.note === undefined ? [] : [join.note],
  };
}

async function joinOf(trail: TrailReader, last: AuditHead, prunedThrough: number) {
  const name = basename(trail.name);
  if (last.id < prunedThrough) {
    const missing = `entries ${last.id + 1} to ${prunedThrough} were pruned and are in none of the files`;
    return { note: `${name} does not continue the files: ${missing}` };
  }
  const there = await trail.hashOf(last.id);
  if (there === last.hash) return {};
  const newest = (await trail.head()).id;
  const message =
    there === undefined
      ? `${name}: entry ${last.id} of the files is missing; its newest entry is ${newest}`
      : `${name}: entry ${last.id} has another hash than in the files`;
  return { finding: [{ kind: 'rewritten' as const, entry: last.id, message }] };
}

/** The verdict of the database counts where the files have none. */
function mergedHeads(files: readonly HeadVerdict[], database: readonly HeadVerdict[]): HeadVerdict[] {
  const open = ['unchecked', 'pruned'];
  return files.map((head) => {
    if (!open.includes(head.verdict)) return head;
    return database.find(({ id, hash }) => id === head.id && hash === head.hash) ?? head;
  });
}

export function fileLines({ files, database, findings, unconfirmed, notes }: FilesReport): Line[] {
  return [
    ...files.map(fileLine),
    ...files.flatMap(({ masked, name }) => (masked === 0 ? [] : [maskedLine(name, masked)])),
    ...(database === null ? [] : [{ name: 'database', level: 'ok', message: database } as const]),
    ...findings.map(({ message }): Line => ({ name: 'chain', level: 'fail', message })),
    ...notes.map((message): Line => ({ name: 'join', level: 'warn', message })),
    ...(unconfirmed.length === 0 ? [] : [unconfirmedLine(unconfirmed)]),
    ...(findings.length === 0 ? [summaryLine(files)] : []),
  ];
}

function summaryLine(files: FilesReport['files']): Line {
  if (files.some(({ isChained }) => isChained)) {
    return { name: 'chain', level: 'ok', message: 'no entry was altered, removed, inserted or reordered' };
  }
  const message =
    'no audit entries in sequence: only the manifests were compared; name the export of the whole trail, too';
  return { name: 'chain', level: 'warn', message };
}

const JOINS = {
  anchored: 'chained to the entry before it',
  unanchored: 'nothing proves what precedes it',
  joined: 'continues the files before it',
  gap: 'does not continue the files before it',
} as const;

const MANIFESTS = { agrees: 'as its manifest states', differs: 'not as its manifest states', missing: 'no manifest' };

function fileLine({ path, entries, first, last, join, manifest }: VerifiedFile): Line {
  const range = first === null ? 'no audit entries' : `${many(entries, 'entry')}, ${first} to ${last}`;
  const joined = join === null ? '' : `, ${JOINS[join]}`;
  const sound = manifest === 'missing' ? 'warn' : 'ok';
  const level = manifest === 'differs' || join === 'gap' ? 'fail' : sound;
  return { name: 'file', level, message: `${path}: ${range}${joined}; ${MANIFESTS[manifest]}` };
}

function maskedLine(name: string, masked: number): Line {
  const message = `${name} hides values in ${many(masked, 'entry')}, which cannot be verified: export with --reveal`;
  return { name: 'hidden', level: 'warn', message };
}

function unconfirmedLine(entries: readonly number[]): Line {
  const which = `${entries.slice(0, 5).join(', ')}${entries.length > 5 ? ', …' : ''}`;
  const message = `entry ${which}: erased, and the entry ERASED that proves what is left is in none of the files`;
  return { name: 'erased', level: 'warn', message };
}
