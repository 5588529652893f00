// Reads the payloads of one execution: inputs, context and unreadable callback bodies, which lists leave out for their size.

import type { Database } from 'better-sqlite3';
import type { AuditEvent } from '../../../execution/event.ts';
import { readJson } from '../../../execution/json.ts';
import type { ExecutionPayloads } from '../../payloads-port.ts';
import { fromIso } from '../rows.ts';

/** Maximum of callback bodies, each of up to a megabyte. */
const MAX_BODIES = 10;

interface Payload {
  readonly inputs: string;
  readonly context: string;
  readonly prunedAt: string | null;
}

interface BodyRow {
  readonly entryId: number;
  readonly event: AuditEvent;
  readonly contentEncoding: string | null;
  readonly isWhole: number;
  readonly contentType: string | null;
  readonly bytes: Buffer;
}

export function createPayloadReader(client: Database): (correlationId: string) => ExecutionPayloads | undefined {
  const payload = client.prepare<[string], Payload>(
    'SELECT inputs, context, payload_pruned_at AS prunedAt FROM executions WHERE correlation_id = ?',
  );
  const bodies = client.prepare<[string, number], BodyRow>(
    `SELECT id AS entryId, event, content_type AS contentType, body AS bytes,
       detail ->> '$.contentEncoding' AS contentEncoding, (detail ->> '$.bodyBytes') IS NULL AS isWhole
     FROM audit_events JOIN callback_bodies ON audit_id = id
     WHERE correlation_id = ? AND pruned_at IS NULL ORDER BY id DESC LIMIT ?`,
  );
  return (correlationId) => {
    const row = payload.get(correlationId);
    if (row === undefined) return undefined;
    const stored = bodies.all(correlationId, MAX_BODIES).reverse();
    return {
      inputs: readJson(row.inputs),
      context: readJson(row.context),
      prunedAt: fromIso(row.prunedAt),
      bodies: stored.map(({ bytes, isWhole, ...body }) => ({
        ...body,
        isWhole: isWhole === 1,
        bytes: new Uint8Array(bytes),
      })),
    };
  };
}
