// Fills an empty database with the rows of exports.

import type { Database } from 'better-sqlite3';
import { type Json, type JsonObject, scalarText } from '../../../execution/json.ts';
import { timeOrderedIds } from '../../../lib/world.ts';
import type { ExportManifest } from '../../export-manifest.ts';
import type { AuditHead } from '../../port.ts';
import type { AuditRow } from '../../shared/audit-rows.ts';
import { chainHash } from '../../shared/hash-chain.ts';
import { createWideInsertion, type WideExecution } from './wide-rows.ts';

/** The payload of an imported execution that is not, or not exactly, in the export; its outcome cannot be compared with the trail. */
const UNKNOWN_PAYLOAD = '{}';

/** Members of an execution whose columns have their names in snake case. */
const SCALARS = [
  ...[
    'correlationId',
    'app',
    'actionId',
    'executionId',
    'status',
    'resolvedBy',
    'sentAt',
    'resolvedAt',
    'pollAfter',
    'deadline',
  ],
  ...[
    'latencyMs',
    'pollCount',
    'attempts',
    'timeoutSeconds',
    'graceSeconds',
    'notifyUrl',
    'priority',
    'idempotencyKey',
  ],
  ...['traceparent', 'payloadPrunedAt', 'erasedAt'],
];
const DOCUMENTS = ['inputs', 'context', 'result', 'error'];

export type ImportedFile = Pick<ExportManifest, 'file' | 'sha256' | 'rows'>;

export type ImportRows = ReturnType<typeof createRowImport>;

/** Each function inserts one row. All run inside one transaction. */
export function createRowImport(client: Database) {
  const sql = prepare(client);
  const wide = createWideInsertion(client);
  const newReference = timeOrderedIds();
  let last: AuditRow | null = null;

  /** @param after the entry before the first one of all, if it is known. @throws {Error} if it contradicts an earlier row. */
  function entry(row: AuditRow, after: AuditHead | null): void {
    if (last === null) sql.begin.run(after?.id ?? row.id - 1, after?.hash ?? '');
    // Files overlap if a pruning was interrupted.
    else if (row.id <= last.id) return;
    // Ids continue behind a gap after a restore. Missing entries do not have the hash that the next one is chained to.
    else if (row.id > last.id + 1 && chainHash(last.hash, row) === row.hash) {
      sql.gap.run(row.timestamp, last.timestamp, last.id, row.id);
    }
    wide.insertEntry(row);
    last = row;
  }

  /** A row of GET /v1/executions with its submission, as `executions export` writes it. */
  function execution(row: JsonObject, isExact: boolean): void {
    wide.insertExecution(executionColumns(row, isExact, newReference));
  }

  /** A row of the table, as retention exports it. Nothing of it is due any more. */
  function record(row: JsonObject): void {
    const { type, ...values } = row;
    if (type === 'execution') wide.insertExecution({ ...values, dispatch_at: null, poll_at: null, expire_at: null });
    if (type === 'notification') insertNotification({ ...values, due_at: null });
    if (type === 'callback_body') {
      const { audit_id, content_type, pruned_at = null, body_base64 } = values;
      sql.body.run(audit_id, content_type, Buffer.from(String(body_base64 ?? ''), 'base64'), pruned_at);
    }
    if (type === 'payload') wide.insertPayload(values);
  }

  function insertNotification(values: JsonObject): void {
    const given = Object.entries(values);
    const names = given.map(([name]) => `"${name.replaceAll('"', '')}"`);
    const holes = given.map(() => '?').join(', ');
    const insert = client.prepare(`INSERT OR IGNORE INTO notifications (${names.join(', ')}) VALUES (${holes})`);
    insert.run(...given.map(([, value]) => column(value)));
  }

  return {
    entry,
    execution,
    record,
    file: ({ file, sha256, rows }: ImportedFile, at: string): void => void sql.file.run(file, sha256, rows, at),
  };
}

function executionColumns(row: JsonObject, isExact: boolean, newReference: (time: number) => string): WideExecution {
  const submittedAt = scalarText(row['submittedAt']) ?? new Date(0).toISOString();
  const isWhole = isExact && 'inputs' in row && scalarText(row['payloadPrunedAt']) === null;
  const columns = [
    ...SCALARS.map((name) => [columnOf(name), scalarText(row[name])]),
    ...DOCUMENTS.map((name) => [name, row[name] == null ? null : JSON.stringify(row[name])]),
  ];
  return {
    ...Object.fromEntries(columns),
    reference: newReference(Date.parse(submittedAt)),
    submitted_at: submittedAt,
    late_result: lateColumn(row['lateResult']),
    retry_uncertain: row['retryUncertain'] === true ? 1 : 0,
    payload_sha256: isWhole ? null : UNKNOWN_PAYLOAD,
  };
}

function columnOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function column(value: Json): string | number | null {
  return typeof value === 'number' || value === null ? value : scalarText(value);
}

/** The column has the time in milliseconds. */
function lateColumn(late: Json | undefined): string | null {
  if (late === null || late === undefined || typeof late !== 'object' || Array.isArray(late)) return null;
  return JSON.stringify({ ...late, receivedAt: Date.parse(scalarText(late['receivedAt']) ?? '') });
}

function prepare(client: Database) {
  return {
    begin: client.prepare<[number, string]>('UPDATE audit_checkpoint SET pruned_through = ?, hash = ?'),
    gap: client.prepare<[string, string, number, number]>(
      `INSERT INTO id_gaps (restored_at, lost_from, audit_after, notification_after, next_id) VALUES (?, ?, ?, 0, ?)`,
    ),
    body: client.prepare(
      `INSERT INTO callback_bodies (audit_id, content_type, body, pruned_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (audit_id) DO UPDATE SET body = excluded.body, content_type = excluded.content_type, pruned_at = excluded.pruned_at
      WHERE callback_bodies.pruned_at IS NOT NULL`,
    ),
    file: client.prepare('INSERT INTO imports (file, sha256, rows, imported_at) VALUES (?, ?, ?, ?)'),
  };
}
