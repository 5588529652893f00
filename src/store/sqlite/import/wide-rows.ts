// Inserts whole rows, as the views `executions` and `audit_events` show them, into the narrow tables.

import type { Database } from 'better-sqlite3';
import type { Json } from '../../../execution/json.ts';
import { fromIso } from '../../../lib/time.ts';
import type { AuditRow } from '../../shared/audit-rows.ts';
import { EVENT_CODES, RESOLVED_BY_CODES, STATUS_CODES } from '../../shared/codes.ts';
import { hashBytes, ONLY_NAMED, uuidBytes } from '../rows.ts';

/** Columns of the view `executions` by name; those that are left out have their defaults. */
export type WideExecution = Readonly<Record<string, Json | undefined>>;

const TIMES = [
  ...['submitted_at', 'sent_at', 'resolved_at', 'poll_after', 'deadline', 'dispatch_at', 'poll_at', 'expire_at'],
  ...['not_found_at', 'found_at', 'held_at', 'erased_at'],
];
const NUMBERS: Readonly<Record<string, number | null>> = {
  ...{ hearsay: 0, latency_ms: null, poll_count: 0, attempts: 0, timeout_seconds: 30, grace_seconds: 0 },
  ...{ retry_uncertain: 0, priority: 4 },
};
const TEXTS = [
  ...['app', 'action_id', 'execution_id', 'notify_url', 'idempotency_key', 'traceparent', 'tracestate'],
  ...['execution_id_problem', 'poll_url', 'cookies', 'unknown_word', 'resubmission_of', 'resubmitted_as'],
];

interface Found {
  readonly id: number;
  readonly status: unknown;
  readonly isReplaceable: 0 | 1;
}

type Bound = string | number | bigint | Buffer | null;

// One function because the rows of an execution are written together.
export function createWideInsertion(client: Database) {
  const sql = prepare(client);

  function named(correlationId: string, app: string, actionId: string): Found {
    const found = sql.find.get(correlationId);
    if (found !== undefined) return found;
    const id = Number(sql.name.run(correlationId, app, actionId).lastInsertRowid);
    return { id, status: ONLY_NAMED, isReplaceable: 0 };
  }

  /** Leaves a row with the same correlation id, reference or idempotency key as it is. Returns whether the row was inserted. */
  function insertExecution(row: WideExecution): boolean {
    const { id, status } = named(
      textOf(row, 'correlation_id') ?? '',
      textOf(row, 'app') ?? '',
      textOf(row, 'action_id') ?? '',
    );
    if (status !== ONLY_NAMED) return false;
    const hashes = textOf(row, 'payload_sha256');
    if (sql.fill.run(...filled(row, hashes), id).changes === 0) return false;
    const [inputs, context] = [textOf(row, 'inputs') ?? '{}', textOf(row, 'context') ?? '{}'];
    if (hashes !== null) sql.hashes.run(id, hashes);
    if (hashes === null || inputs !== '{}' || context !== '{}') sql.payload.run(id, inputs, context);
    insertOutcome(id, row);
    return true;
  }

  function insertOutcome(id: number, row: WideExecution): void {
    const outcome = ['result', 'error', 'late_result'].map((name) => textOf(row, name));
    if (outcome.every((value) => value === null)) return;
    sql.refer.run(sql.outcome.run(...outcome).lastInsertRowid, id);
  }

  /** Inserts the row, or puts its payload into the row whose payload is known by its hashes only. */
  function insertPayload(row: WideExecution): void {
    const found = sql.find.get(textOf(row, 'correlation_id') ?? '');
    if (found === undefined || found.status === ONLY_NAMED) return void insertExecution(row);
    if (found.isReplaceable === 0) return;
    sql.deleteHashes.run(found.id);
    sql.unpruned.run(found.id);
    sql.payload.run(found.id, textOf(row, 'inputs') ?? '{}', textOf(row, 'context') ?? '{}');
    insertOutcome(found.id, row);
  }

  /** Stores all columns with the entry: another execution may have had the same correlation id. */
  function insertEntry(entry: AuditRow): void {
    const { id } = named(entry.correlationId, entry.app, entry.actionId);
    const { timestamp, event, hash, correlationId: _correlationId, ...same } = entry;
    const converted = { at: fromIso(timestamp), event: codeOf(EVENT_CODES, event), hash: hashBytes(hash) };
    sql.entry.run({ ...same, ...converted, execution: id });
  }

  return { insertExecution, insertPayload, insertEntry };
}

function filled(row: WideExecution, hashes: string | null): Bound[] {
  const [status, resolvedBy] = [textOf(row, 'status') ?? '', textOf(row, 'resolved_by')];
  const reference = textOf(row, 'reference');
  const pruned = timeOf(row, 'payload_pruned_at');
  return [
    codeOf(STATUS_CODES, status),
    resolvedBy === null ? null : codeOf(RESOLVED_BY_CODES, resolvedBy),
    reference === null ? null : uuidBytes(reference),
    hashBytes(textOf(row, 'fingerprint') ?? ''),
    // Without a time it is known by its hashes only.
    hashes === null ? null : (pruned ?? 0),
    ...TIMES.map((name) => timeOf(row, name) ?? (name === 'submitted_at' ? 0 : null)),
    ...Object.entries(NUMBERS).map(([name, other]) => numberOf(row, name) ?? other),
    ...TEXTS.map((name) => textOf(row, name)),
  ];
}

/** Returns the code of a word, as the integer that a column of any type keeps; a word without a code as it is. */
function codeOf(codes: Readonly<Record<string, number>>, word: string): bigint | string {
  const code = codes[word];
  return code === undefined ? word : BigInt(code);
}

function textOf(row: WideExecution, name: string): string | null {
  const value = row[name] ?? null;
  return value === null ? null : String(value);
}

function numberOf(row: WideExecution, name: string): number | null {
  const value = row[name] ?? null;
  return value === null ? null : Number(value);
}

function timeOf(row: WideExecution, name: string): number | null {
  return fromIso(textOf(row, name));
}

function prepare(client: Database) {
  const coded = ['status', 'resolved_by', 'reference', 'fingerprint', 'payload_pruned_at'];
  const columns = [...coded, ...TIMES, ...Object.keys(NUMBERS), ...TEXTS];
  return {
    find: client.prepare<[string], Found>(
      `SELECT id, status, payload_pruned_at IS NOT NULL AND erased_at IS NULL AS isReplaceable FROM execution_rows
      WHERE correlation_id = ?`,
    ),
    name: client.prepare<[string, string, string]>(
      `INSERT INTO execution_rows (status, correlation_id, app, action_id, submitted_at, hearsay, poll_count, attempts, timeout_seconds,
        grace_seconds, retry_uncertain, priority, fingerprint)
      VALUES (0, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, '')`,
    ),
    fill: client.prepare<Bound[]>(
      `UPDATE OR IGNORE execution_rows SET ${columns.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`,
    ),
    payload: client.prepare<[number, string, string]>(
      `INSERT INTO payload_rows (id, inputs, context) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET inputs = excluded.inputs, context = excluded.context`,
    ),
    hashes: client.prepare<[number, string]>('INSERT INTO payload_hashes (id, sha256) VALUES (?, ?)'),
    deleteHashes: client.prepare<[number]>('DELETE FROM payload_hashes WHERE id = ?'),
    unpruned: client.prepare<[number]>(
      'UPDATE execution_rows SET payload_pruned_at = NULL, outcome = NULL WHERE id = ?',
    ),
    outcome: client.prepare<(string | null)[]>(
      'INSERT INTO outcome_rows (result, error, late_result) VALUES (?, ?, ?)',
    ),
    refer: client.prepare<[number | bigint, number]>('UPDATE execution_rows SET outcome = ? WHERE id = ?'),
    entry: client.prepare<[object]>(
      `INSERT INTO audit_rows (id, execution, at, event, execution_id, latency_ms, http_status, hash, app, action_id, detail)
      VALUES (@id, @execution, @at, @event, @executionId, @latencyMs, @httpStatus, @hash, @app, @actionId, @detail)`,
    ),
  };
}
