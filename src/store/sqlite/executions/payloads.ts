// Reads the payloads of one execution: inputs, context and unreadable callback bodies, which lists leave out for their size.

import type { Database } from 'better-sqlite3';
import { LargeJson } from '../../../execution/json.ts';
import type { ExecutionPayloads } from '../../payloads-port.ts';
import { eventOf } from '../../shared/codes.ts';

/** Maximum of callback bodies, each of up to a megabyte. */
const MAX_BODIES = 10;

interface Payload {
  readonly inputs: string;
  readonly context: string;
  readonly prunedAt: number | null;
}

interface BodyRow {
  readonly entryId: number;
  readonly event: unknown;
  readonly contentEncoding: string | null;
  readonly isWhole: number;
  readonly contentType: string | null;
  readonly bytes: Buffer;
}

export function createPayloadReader(client: Database): (correlationId: string) => ExecutionPayloads | undefined {
  const payload = client.prepare<[string], Payload>(
    `SELECT coalesce(inputs, '{}') AS inputs, coalesce(context, '{}') AS context, nullif(payload_pruned_at, 0) AS prunedAt
    FROM execution_rows AS r LEFT JOIN payload_rows AS p ON p.id = r.id WHERE correlation_id = ? AND status <> 0`,
  );
  const bodies = client.prepare<[string, number], BodyRow>(
    `SELECT a.id AS entryId, event, content_type AS contentType, body AS bytes,
       detail ->> '$.contentEncoding' AS contentEncoding, (detail ->> '$.bodyBytes') IS NULL AS isWhole
     FROM execution_rows AS r JOIN audit_rows AS a ON a.execution = r.id JOIN callback_bodies ON audit_id = a.id
     WHERE correlation_id = ? AND pruned_at IS NULL ORDER BY a.id DESC LIMIT ?`,
  );
  return (correlationId) => {
    const row = payload.get(correlationId);
    if (row === undefined) return undefined;
    const stored = bodies.all(correlationId, MAX_BODIES).reverse();
    return {
      inputs: LargeJson.from(row.inputs),
      context: LargeJson.from(row.context),
      prunedAt: row.prunedAt,
      bodies: stored.map(({ bytes, isWhole, ...body }) => ({
        ...body,
        event: eventOf(body.event),
        isWhole: isWhole === 1,
        bytes: new Uint8Array(bytes),
      })),
    };
  };
}
