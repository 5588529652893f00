// What went to CXone and what came back that nobody could read: too long for lists, loaded for one execution alone.

import type { Database } from 'better-sqlite3';
import { readJson } from '../../../execution/json.ts';
import type { ExecutionPayloads } from '../../port.ts';
import { fromIso } from '../rows.ts';

/** Each body may have a megabyte. */
const MOST_BODIES = 10;

interface Payload {
  readonly inputs: string;
  readonly context: string;
  readonly prunedAt: string | null;
}

interface BodyRow {
  readonly entryId: number;
  readonly contentType: string | null;
  readonly bytes: Buffer;
}

export function createPayloadReader(client: Database): (correlationId: string) => ExecutionPayloads | undefined {
  const payload = client.prepare<[string], Payload>(
    'SELECT inputs, context, payload_pruned_at AS prunedAt FROM executions WHERE correlation_id = ?',
  );
  const bodies = client.prepare<[string, number], BodyRow>(
    `SELECT id AS entryId, content_type AS contentType, body AS bytes
     FROM audit_events JOIN callback_bodies ON audit_id = id
     WHERE correlation_id = ? AND pruned_at IS NULL ORDER BY id DESC LIMIT ?`,
  );
  return (correlationId) => {
    const row = payload.get(correlationId);
    if (row === undefined) return undefined;
    const kept = bodies.all(correlationId, MOST_BODIES).reverse();
    return {
      inputs: readJson(row.inputs),
      context: readJson(row.context),
      prunedAt: fromIso(row.prunedAt),
      bodies: kept.map(({ bytes, ...body }) => ({ ...body, bytes: new Uint8Array(bytes) })),
    };
  };
}
