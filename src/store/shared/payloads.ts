// Reads the payloads of one execution: inputs, context and unreadable callback bodies, which lists leave out for their size.

import { type JsonObject, LargeJson, readJson } from '../../execution/json.ts';
import type { ExecutionPayloads } from '../payloads-port.ts';
import { eventOf } from './codes.ts';
import type { Reads } from './reads.ts';

/** Maximum of callback bodies, each of up to a megabyte. */
const MAX_BODIES = 10;

export interface PayloadRow {
  readonly inputs: string;
  readonly context: string;
  readonly prunedAt: number | null;
}

interface BodyRow {
  readonly entryId: number;
  readonly event: unknown;
  readonly contentType: string | null;
  readonly bytes: Buffer;
  /** Of the entry. */
  readonly detail: string;
}

const PAYLOAD = `SELECT coalesce(p.inputs, '{}') AS inputs, coalesce(p.context, '{}') AS context,
    nullif(r.payload_pruned_at, 0) AS "prunedAt"
  FROM execution_rows AS r LEFT JOIN payload_rows AS p ON p.id = r.id WHERE r.correlation_id = $1 AND r.status <> 0`;

/** @param bodies joins the entries `a` and the bodies `b` of an execution `r` along an index */
export function createPayloadReader(reads: Reads, bodies: string) {
  const bodiesOf = `SELECT b.audit_id AS "entryId", a.event, b.content_type AS "contentType", b.body AS bytes, a.detail
    FROM execution_rows AS r ${bodies}
    WHERE r.correlation_id = $1 AND b.pruned_at IS NULL ORDER BY b.audit_id DESC LIMIT ${MAX_BODIES}`;

  return async (correlationId: string): Promise<ExecutionPayloads | undefined> => {
    const row = await reads.first<PayloadRow>(PAYLOAD, [correlationId]);
    if (row === undefined) return undefined;
    const found = await reads.all<BodyRow>(bodiesOf, [correlationId]);
    return {
      inputs: LargeJson.from(row.inputs),
      context: LargeJson.from(row.context),
      prunedAt: row.prunedAt,
      bodies: found.toReversed().map(({ entryId, event, contentType, bytes, detail }) => {
        const { contentEncoding = null, bodyBytes } = readJson(detail) as JsonObject;
        return {
          ...{ entryId, event: eventOf(event), contentType, contentEncoding: contentEncoding as string | null },
          ...{ isWhole: bodyBytes === undefined, bytes: new Uint8Array(bytes) },
        };
      }),
    };
  };
}
