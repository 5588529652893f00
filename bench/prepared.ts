// Databases with many open executions, written in bulk with the receiver's own transitions, rows and chain, so that it accepts them.

import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { createSignedUrls } from '../src/callbacks/signed-url.ts';
import type { AuditDraft } from '../src/execution/event.ts';
import { DEFAULT_PRIORITY, type Dispatchable, newExecution, type Submission } from '../src/execution/execution.ts';
import { transition } from '../src/execution/transition.ts';
import { timeOrderedIds } from '../src/lib/world.ts';
import { createAuditTrail } from '../src/store/sqlite/audit/append.ts';
import { createRepeats } from '../src/store/sqlite/audit/repeats.ts';
import { readMigrationFiles } from '../src/store/sqlite/file/drizzle.ts';
import { type OpenDatabase, openDatabase } from '../src/store/sqlite/file/open.ts';
import { MIGRATIONS } from '../src/store/sqlite/file/schema-version.ts';
import { createRollupCounts } from '../src/store/sqlite/rollups/count.ts';
import { prepareStatements } from '../src/store/sqlite/statements.ts';

/** The app that owns every prepared execution. */
export const APP = 'bench';

/** The maximum of the contract, so that no prepared execution becomes due during the measurement. */
const DAY_SECONDS = 86_400;

/** Lifetime of a cached database in milliseconds: its first polls must stay far in the future. */
const FRESH_MS = 6 * 3_600_000;

/** Executions that are written before the event loop runs, for example for an abort. */
const TURN = 5_000;

export interface Preparation {
  /** Number of executions. Each is sent, has an executionId, and waits for its callback. */
  readonly open: number;
  /**
   * Grace periods in seconds, spread over this span and shuffled; by default a day for all. The first poll is due
   * at the end of the grace period.
   */
  readonly graceSeconds?: { readonly from: number; readonly to: number };
}

export interface Prepared extends Preparation {
  readonly path: string;
}

/** Writes the database to `path`, where no file may exist. @throws the reason of the signal, with nothing left behind. */
export async function prepare({ path, ...preparation }: Prepared, signal?: AbortSignal): Promise<Prepared> {
  const unfinished = `${path}.unfinished`;
  await mkdir(dirname(path), { recursive: true });
  await remove(unfinished);
  try {
    await fill(unfinished, preparation, signal);
    await rename(unfinished, path);
  } finally {
    await remove(unfinished);
  }
  return { ...preparation, path };
}

/** Returns the database from the folder's cache. Writes it if there is none, or none of this schema that is fresh. */
export async function preparedIn(folder: string, preparation: Preparation, signal?: AbortSignal): Promise<Prepared> {
  const { open, graceSeconds: { from, to } = { from: DAY_SECONDS, to: DAY_SECONDS } } = preparation;
  const path = join(folder, `prepared-${await version()}-${open}-${from}-${to}.db`);
  const made = await stat(path).catch(() => null);
  if (made !== null && Date.now() - made.mtimeMs < FRESH_MS) return { ...preparation, path };
  await remove(path);
  return prepare({ ...preparation, path }, signal);
}

/** A private copy: the prepared file stays unchanged. On file systems that share blocks the copy is free. */
export async function copyOf(prepared: Pick<Prepared, 'path'>, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await remove(path);
  await copyFile(prepared.path, path, constants.COPYFILE_FICLONE);
}

/** The database with all files that SQLite and the receiver put next to it. */
async function remove(path: string): Promise<void> {
  for (const end of ['', '-wal', '-shm', '-journal', '.lock', '.lock-journal'])
    await rm(`${path}${end}`, { force: true });
}

/** Paths of the callback URLs of up to `limit` open executions, in the order of submission. */
export function callbackPaths(path: string, secret: string, limit: number): string[] {
  const client = new Database(path, { readonly: true });
  try {
    const { mint } = createSignedUrls('', [secret]);
    const references = client
      .prepare<[number], string>(
        'SELECT reference FROM executions WHERE resolved_at IS NULL ORDER BY reference LIMIT ?',
      )
      .pluck();
    return references.all(limit).map(mint);
  } finally {
    client.close();
  }
}

/** Changes with the schema and with this file. */
async function version(): Promise<string> {
  const migrations = readMigrationFiles({ migrationsFolder: MIGRATIONS }).map((migration) => migration.hash);
  const self = await readFile(new URL(import.meta.url), 'utf8');
  return hash('sha256', JSON.stringify([...migrations, self]), 'hex').slice(0, 12);
}

function fill(path: string, preparation: Preparation, signal?: AbortSignal): Promise<void> {
  return fillDatabase(path, preparation.open, (database) => writerOf(database, preparation), signal);
}

/** Fills a new database in one transaction. `writerOf` returns a function that writes the execution with a number. */
export async function fillDatabase(
  path: string,
  count: number,
  writerOf: (database: OpenDatabase) => (i: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const database = openDatabase(path);
  const { client } = database;
  try {
    // WAL and FULL are set again when the file is opened; an incomplete file is deleted.
    client.pragma('journal_mode = OFF');
    client.pragma('synchronous = OFF');
    client.pragma('cache_size = -262144');
    // An index that is built at the end is built in order and is small. The unique ones stay: a trigger searches them
    // at each insertion, and would read the whole table without them.
    const indexes = client
      .prepare<[], { name: string; sql: string }>(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql LIKE 'CREATE INDEX%'",
      )
      .all();
    client.exec('BEGIN EXCLUSIVE');
    for (const { name } of indexes) client.exec(`DROP INDEX "${name}"`);
    const write = writerOf(database);
    for (let i = 0; i < count; i++) {
      write(i);
      if (i % TURN === 0) {
        await turn();
        signal?.throwIfAborted();
      }
    }
    for (const { sql } of indexes) {
      // promise: bench-has-all-indexes
      client.exec(sql);
      await turn();
      signal?.throwIfAborted();
    }
    client.exec('COMMIT');
    client.pragma('journal_mode = WAL');
  } finally {
    database.close();
  }
}

/** Writes the execution with this number and its audit trail. */
function writerOf({ client }: OpenDatabase, preparation: Preparation): (i: number) => void {
  const { open, graceSeconds: { from, to } = { from: DAY_SECONDS, to: DAY_SECONDS } } = preparation;
  const sql = prepareStatements(client);
  const trail = createAuditTrail(sql, createRepeats(client, sql.rows));
  trail.reload();
  const rollups = createRollupCounts(client);
  // Rows differ by their millisecond; randomness would only cost time.
  const id = timeOrderedIds(() => new Uint8Array(16));
  const begun = Date.now() - open;
  return (i) => {
    const now = begun + i;
    // Steps by a prime visit the whole span before one repeats.
    const queued = executionOf(id(now), now, from + ((i * STRIDE) % (to - from + 1)));
    const sent = transition(queued, { type: 'dispatched' }, now);
    const known = transition(sent.execution, { ...TAKEN, executionId: `cx-${queued.reference}` }, now);
    const accepted = sql.insert(queued, FINGERPRINT);
    rollups.accept(queued);
    if (i % TURN === 0 || i === open - 1) rollups.flush();
    trail.append(accepted, acceptedAs(queued), now);
    trail.append({ ...accepted, execution: sent.execution }, sent.entry, now);
    trail.append(sql.save(accepted, known.execution), known.entry, now);
  };
}

const STRIDE = 7_919;

export const TAKEN = {
  type: 'submitted',
  httpStatus: 202,
  latencyMs: 40,
  report: { kind: 'progress', statusWord: 'PENDING', result: null, error: null },
  spreadMs: 0,
} as const;

/** A fingerprint of a submission that is never repeated: only its length matters. */
export const FINGERPRINT = hash('sha256', 'prepared', 'hex');

function executionOf(reference: string, now: number, graceSeconds: number): Dispatchable {
  return newExecution(submissionOf(reference, graceSeconds), reference, now, now + 300_000);
}

export function submissionOf(reference: string, graceSeconds: number): Submission {
  return {
    correlationId: reference,
    app: APP,
    actionId: 'look-up-customer',
    inputs: { phone: '+43 1 234 5678', customer: reference },
    context: {},
    timeoutSeconds: 30,
    graceSeconds,
    retryUncertain: false,
    notifyUrl: null,
    priority: DEFAULT_PRIORITY,
    idempotencyKey: null,
    traceparent: null,
    tracestate: null,
  };
}

/** The row as the store writes it. */
export function acceptedAs({ timeoutSeconds, graceSeconds, retryUncertain }: Dispatchable): AuditDraft {
  const detail = { timeoutSeconds, graceSeconds, retryUncertain };
  return { event: 'ACCEPTED', latencyMs: null, httpStatus: null, detail, body: null };
}
