// Reads the rows that the checks of the trail compare with it.

import { hash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { outcomeHash } from '../../shared/hash-chain.ts';
import { MAX_FINDINGS } from '../../verify/findings.ts';
import type { StoredNotification, StoredRest, StoredRows, StoredState } from '../../verify/stored.ts';

interface StateRow extends Omit<StoredState, 'hasOutcome' | 'outcomeSha256'> {
  readonly result: string | null;
  readonly error: string | null;
}

export function createLookups(client: Database) {
  const isPruning = hasPruningColumns(client);
  const state = client.prepare<[string], StateRow>(
    `SELECT status, resolved_by AS resolvedBy, resolved_at AS resolvedAt, action_id AS actionId, app, result, error,
      ${isPruning ? 'payload_pruned_at AS prunedAt, payload_sha256 AS payloadSha256' : 'NULL AS prunedAt, NULL AS payloadSha256'}
    FROM executions WHERE correlation_id = ?`,
  );
  const body = client.prepare<[number], { readonly body: Buffer; readonly prunedAt: string | null }>(
    `SELECT body, ${isPruning ? 'pruned_at' : 'NULL'} AS prunedAt FROM callback_bodies WHERE audit_id = ?`,
  );
  const withoutTrail = client
    .prepare<[number], string>(
      `SELECT correlation_id FROM executions
      WHERE NOT EXISTS (SELECT 1 FROM audit_events WHERE audit_events.correlation_id = executions.correlation_id) LIMIT ?`,
    )
    .pluck();
  const unstatedBodies = client
    .prepare<[number], number>(
      `SELECT audit_id FROM callback_bodies WHERE NOT EXISTS
      (SELECT 1 FROM audit_events WHERE id = audit_id AND json_extract(detail, '$.sha256') IS NOT NULL) LIMIT ?`,
    )
    .pluck();

  const rows: StoredRows = {
    execution: (correlationId) => {
      const row = state.get(correlationId);
      if (row === undefined) return undefined;
      const { result, error, ...shared } = row;
      return { ...shared, hasOutcome: result !== null || error !== null, outcomeSha256: outcomeHash(row) };
    },
    notification: createNotificationLookup(client),
    body: (entryId) => {
      const found = body.get(entryId);
      if (found === undefined) return undefined;
      return {
        sha256: hash('sha256', found.body, 'hex'),
        isEmptied: found.prunedAt !== null && found.body.length === 0,
      };
    },
  };
  return {
    rows,
    /** Reads what is compared at the end of the trail. */
    rest: (): StoredRest => ({
      execution: rows.execution,
      withoutTrail: withoutTrail.all(MAX_FINDINGS),
      unstatedBodies: unstatedBodies.all(MAX_FINDINGS),
    }),
  };
}

function createNotificationLookup(client: Database): StoredRows['notification'] {
  const prepare = () =>
    client.prepare<[string], StoredNotification>(
      'SELECT status, correlation_id AS correlationId, app FROM notifications WHERE id = ?',
    );
  // Prepared for the first entry that names a notification: a backup of a version without notifications lacks their table.
  let find: ReturnType<typeof prepare> | undefined;
  return (id) => {
    find ??= prepare();
    return find.get(id);
  };
}

/** False for a backup of an older version, which is verified before its migration: that version never pruned payloads. */
function hasPruningColumns(client: Database): boolean {
  const columns = client.prepare<[], string>("SELECT name FROM pragma_table_info('executions')").pluck().all();
  return columns.includes('payload_sha256');
}
