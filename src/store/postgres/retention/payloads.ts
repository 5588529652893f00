// Prunes payloads that are no longer needed. Hashes replace them, so that the trail still proves their content.

import type { Execution } from '../../../execution/execution.ts';
import type { PayloadCursor, PrunablePayloads, Retention, RetentionRecord } from '../../retention-port.ts';
import { outcomeColumns } from '../../shared/columns.ts';
import { callbackBodyRecord, stripped, withinBytes } from '../../shared/prunable-payloads.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Part } from '../batch/part.ts';
import { taskOn, unchanged } from '../batch/task.ts';
import type { Session } from '../connection/session.ts';
import type { Writer } from '../group-commit.ts';

export interface RetentionTools {
  readonly reads: Reads;
  readonly session: Pick<Session, 'writeAsLeader'>;
  readonly writer: Pick<Writer, 'mutateAll'>;
}

interface Submitted {
  readonly reference: string;
  readonly inputs: string;
  readonly context: string;
}

interface Candidate {
  readonly id: number;
  readonly reference: string;
  readonly submittedAt: number;
  readonly isUnneeded: boolean;
  readonly bytes: number;
}

interface BodyCandidate {
  readonly auditId: number;
  readonly bytes: number;
}

type Exported = Record<string, unknown>;

// With OFFSET 0 each row is looked up by its index. Joins would read the rows of all executions, and all notifications, for each batch.
const CANDIDATES = `SELECT p.id, r.reference, r.submitted_at AS "submittedAt",
    r.resolved_at < $2 AND r.held_at IS NULL AND coalesce(o.late_at < $2, true)
      AND NOT EXISTS (SELECT 1 FROM notification_rows AS n WHERE n.reference = r.reference AND n.status = 'PENDING' OFFSET 0) AS "isUnneeded",
    p.bytes + coalesce(octet_length(o.result), 0) + coalesce(octet_length(o.error), 0) + coalesce(octet_length(o.late_result), 0) AS bytes
  FROM (SELECT id, octet_length(inputs) + octet_length(context) AS bytes FROM payload_rows WHERE id > $1 ORDER BY id LIMIT $3) AS p
  CROSS JOIN LATERAL (SELECT * FROM execution_rows WHERE id = p.id OFFSET 0) AS r
  LEFT JOIN LATERAL (SELECT * FROM outcome_rows WHERE id = p.id OFFSET 0) AS o ON true
  ORDER BY p.id`;

const BODIES = `SELECT b.audit_id AS "auditId", octet_length(b.body) AS bytes
  FROM callback_bodies AS b JOIN audit_rows AS a ON a.id = b.audit_id JOIN execution_rows AS r ON r.id = b.execution
  WHERE b.audit_id > $1 AND a.id > $1 AND b.pruned_at IS NULL AND a.at < $2 AND r.resolved_at < $2 AND r.held_at IS NULL
  ORDER BY b.audit_id LIMIT $3`;

const SUBMITTED = `SELECT r.reference, p.inputs, p.context FROM execution_rows AS r JOIN payload_rows AS p ON p.id = r.id
  WHERE r.reference = ANY ($1::uuid[])`;

const PAYLOADS = `SELECT correlation_id, reference, app, action_id, status, submitted_at, resolved_at, inputs, context, result, error,
  late_result FROM executions WHERE correlation_id IN (SELECT correlation_id FROM execution_rows WHERE reference = ANY ($1::uuid[]))`;

const STORED_BODIES = `SELECT audit_id, content_type, body FROM callback_bodies WHERE audit_id = ANY ($1::bigint[]) ORDER BY audit_id`;

const EMPTY_BODIES = `WITH emptied AS (
    UPDATE callback_bodies SET body = '', pruned_at = ($1 ->> 'at')::bigint
    WHERE audit_id IN (SELECT id::bigint FROM json_array_elements_text($1 -> 'ids') AS id) AND pruned_at IS NULL RETURNING audit_id
  ) SELECT to_json(count(*)) FROM emptied`;

export function createPayloadPruning({ reads, session, writer }: RetentionTools) {
  async function prunable(limit: number, cutoff: number, after: PayloadCursor | null): Promise<PrunablePayloads> {
    const place = after ?? { id: 0, body: 0 };
    const found = await reads.all<Candidate>(CANDIDATES, [place.id, Math.trunc(cutoff), limit]);
    // Later ones were submitted later, so that they ended later, too.
    const examined = found.some(({ submittedAt }) => submittedAt < cutoff) ? withinBytes(found) : [];
    const bodies = withinBytes(await reads.all<BodyCandidate>(BODIES, [place.body, Math.trunc(cutoff), limit]));
    return {
      references: examined.filter(({ isUnneeded }) => isUnneeded).map(({ reference }) => reference),
      bodies: bodies.map(({ auditId }) => auditId),
      next:
        examined.length + bodies.length > 0
          ? { id: examined.at(-1)?.id ?? place.id, body: bodies.at(-1)?.auditId ?? place.body }
          : null,
    };
  }

  async function prune({ references, bodies }: PrunablePayloads, cutoff: number, now: number): Promise<number> {
    const submitted = references.length === 0 ? [] : await reads.all<Submitted>(SUBMITTED, [references]);
    const pruned = await writer.mutateAll(
      submitted.map((one) => strippingTask(one, cutoff, now)),
      { asLeader: true },
    );
    const emptied =
      bodies.length === 0 ? 0 : await session.writeAsLeader<number>(EMPTY_BODIES, { ids: bodies, at: Math.trunc(now) });
    return pruned.filter((isPruned) => isPruned === true).length + emptied;
  }

  async function records({ references, bodies }: PrunablePayloads): Promise<RetentionRecord[]> {
    const payloads = await reads.all<Exported>(PAYLOADS, [references]);
    const stored = await reads.all<Parameters<typeof callbackBodyRecord>[0]>(STORED_BODIES, [bodies]);
    return [...payloads.map((row) => ({ type: 'payload', ...row })), ...stored.map(callbackBodyRecord)];
  }

  return { prunablePayloads: prunable, prunePayloads: prune, payloadRecords: records } satisfies Partial<Retention>;
}

function strippingTask(submitted: Submitted, cutoff: number, now: number) {
  return taskOn(submitted.reference, (part) => {
    if (!isUnneeded(part, cutoff)) return unchanged(false);
    stripPayload(part, submitted, now);
    return { value: true, changes: [], part };
  });
}

/** Decided on the present state: a notification may have been replayed, or the execution held, since the selection. */
function isUnneeded({ state: { execution, notifications } }: Part, cutoff: number): boolean {
  const { resolvedAt, heldAt, lateResult } = execution;
  if ((resolvedAt ?? cutoff) >= cutoff || heldAt !== null) return false;
  // promise: postgres/pending-notification-keeps-payload
  if (notifications.some(({ status }) => status === 'PENDING')) return false;
  return lateResult === null || lateResult.receivedAt < cutoff;
}

/** Replaces the payload of an execution by its hashes. */
export function stripPayload(
  part: Part,
  { inputs, context }: Pick<Submitted, 'inputs' | 'context'>,
  prunedAt: number,
): void {
  const { execution, payloadSha256 } = part.state;
  const { hashes } = stripped({ inputs, context, ...outcomeColumns(execution), payloadSha256 });
  const lateResult = execution.lateResult && { ...execution.lateResult, result: null, error: null };
  const bare: Execution = { ...execution, result: null, error: null, lateResult };
  // An erasure may have been ordered just before another receiver has recorded the end.
  // promise: postgres/payload-is-pruned-after-the-end
  const payloadPrunedAt = Math.max(Math.trunc(prunedAt), execution.resolvedAt ?? 0);
  part.save({ execution: bare, payloadPrunedAt, payloadSha256: hashes });
  part.changePayload({ type: 'stripped', sha256: hashes });
}
