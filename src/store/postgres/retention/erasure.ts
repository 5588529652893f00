// Erases the content of executions, and holds executions. Entries that lose a part of their detail keep their hash, and the entry
// ERASED has the seal of what remains of each.

import type { AuditDraft, AuditEntry, AuditEvent } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { type JsonObject, readJson } from '../../../execution/json.ts';
import { reducedDetail, withoutQuotes } from '../../../execution/reduced-detail.ts';
import { isoTime } from '../../../lib/time.ts';
import type { Erased, Erasure, Order } from '../../erasure-port.ts';
import { type Change, StoreUnavailable } from '../../port.ts';
import { EVENT_CODES, eventOf } from '../../shared/codes.ts';
import { erasureSeal } from '../../shared/hash-chain.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Part, Reduction } from '../batch/part.ts';
import type { Decided, Task, Writer } from '../group-commit.ts';
import { applyToNotification } from '../outbox/outbox.ts';
import type { EntryRow } from '../queries/audit.ts';
import { stripPayload } from './payloads.ts';

/** Seals in one entry. An erasure of more entries writes several entries. */
const MAX_SEALS = 500;
/** Attempts to erase an execution about which entries are written all the time. */
const MAX_ATTEMPTS = 50;
const GIVEN_UP = 'the content of the execution was erased';

interface ErasureTools {
  readonly reads: Reads;
  readonly writer: Pick<Writer, 'mutate'>;
}

interface StoredContent {
  readonly version: number;
  readonly inputs: string;
  readonly context: string;
  /** JSON: rows of SealedEntry. */
  readonly entries: readonly SealedEntry[] | null;
}

interface SealedEntry extends EntryRow {
  readonly hash: string;
  /** The hash of the entry before. */
  readonly previous: string;
}

interface SealedReduction extends Reduction {
  readonly seal: string;
}

/** Entries about orders of administrators state no content. */
const ORDERS = [EVENT_CODES.HELD, EVENT_CODES.RELEASED, EVENT_CODES.ERASED, EVENT_CODES.RESUBMITTED];

/** One statement, so that the entries are those of the version. */
const CONTENT = `SELECT r.version, coalesce(p.inputs, '{}') AS inputs, coalesce(p.context, '{}') AS context, (
    SELECT json_agg(x ORDER BY x.id) FROM (
      SELECT a.id, a.at, a.event, r.action_id, r.correlation_id, a.execution_id, a.latency_ms, a.http_status, r.app, a.detail,
        encode(a.hash, 'hex') AS hash, coalesce(
          (SELECT encode(b.hash, 'hex') FROM audit_rows AS b WHERE b.id < a.id ORDER BY b.id DESC LIMIT 1),
          (SELECT c.hash FROM audit_checkpoint AS c)) AS previous
      FROM audit_rows AS a
      WHERE a.execution = r.id AND a.event NOT IN (${ORDERS.join(', ')})
    ) AS x) AS entries
  FROM execution_rows AS r LEFT JOIN payload_rows AS p ON p.id = r.id WHERE r.reference = $1`;

export function createErasure({ reads, writer }: ErasureTools): Omit<Erasure, 'emptyWal'> {
  async function erase(reference: string, order: Order, now: number): Promise<Erased | undefined> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const content = await reads.first<StoredContent>(CONTENT, [reference]);
      if (content === undefined) return undefined;
      const erased = await writer.mutate(erasureTask(reference, content, { order, now }));
      if (erased !== 'changed') return erased;
    }
    throw new StoreUnavailable('entries about the execution are written all the time');
  }

  const setHold = (reference: string, isHeld: boolean, order: Order, now: number) =>
    writer.mutate(holdTask(reference, isHeld, { order, now }));

  return {
    erase: (reference, { by, reason }, now) => erase(reference, { by, reason }, now),
    hold: (reference, order, now) => setHold(reference, true, order, now),
    release: (reference, order, now) => setHold(reference, false, order, now),
  };
}

interface Ordered {
  readonly order: Order;
  readonly now: number;
}

/** `changed`: the execution is no longer the one whose content was read. */
function erasureTask(
  reference: string,
  content: StoredContent,
  ordered: Ordered,
): Task<Erased | 'changed' | undefined> {
  return {
    target: { reference },
    decide: (batch) => {
      const part = batch.partOf(reference);
      if (part === undefined) return unchanged(undefined);
      const { execution } = part.state;
      const refusal = refusalOf(execution);
      if (refusal !== null) return unchanged({ outcome: refusal, execution });
      if (part.state !== part.loaded || part.state.version !== content.version) return unchanged('changed');
      return { ...eraseContent(part, content, ordered), part };
    },
  };
}

function eraseContent(part: Part, content: StoredContent, { order, now }: Ordered): Omit<Decided<Erased>, 'part'> {
  part.save({ repeats: part.state.repeats.map((repeat) => ({ ...repeat, detail: reducedText(repeat.detail) })) });
  const counts = part.summarize(now);
  const givenUp = part.state.notifications.flatMap((notification) => {
    const silent = { ...notification, lastError: null };
    part.saveNotification(silent);
    if (silent.status !== 'PENDING') return [];
    return applyToNotification(part, silent, { type: 'given-up', reason: GIVEN_UP }, now).changes;
  });
  stripPayload(part, content, now);
  part.saveExecution({ ...withoutQuotes(part.state.execution), erasedAt: now });
  const reductions = (content.entries ?? []).flatMap(reductionOf);
  // promise: postgres/erased-content-is-gone
  part.reduce({ entries: reductions, at: now });
  const { execution } = part.state;
  const entries = sealsIn(reductions).map((seals) => part.append(draftOf('ERASED', { ...order, entries: seals }), now));
  const changes = [...counts, ...entries].map((entry) => aboutEntry(execution, entry));
  return { value: { outcome: 'erased', execution }, changes: [...givenUp, ...changes] };
}

function holdTask(reference: string, isHeld: boolean, { order, now }: Ordered): Task<Execution | undefined> {
  return {
    target: { reference },
    decide: (batch) => {
      const part = batch.partOf(reference);
      if (part === undefined) return unchanged(undefined);
      const before = part.state.execution;
      if ((before.heldAt !== null) === isHeld) return unchanged(before);
      const execution = { ...before, heldAt: isHeld ? now : null };
      part.saveExecution(execution);
      const { by, reason } = order;
      const entry = part.append(draftOf(isHeld ? 'HELD' : 'RELEASED', { by, reason }), now);
      return { value: execution, changes: [aboutEntry(execution, entry)], part };
    },
  };
}

function unchanged<T>(value: T): Decided<T> {
  return { value, changes: [], part: null };
}

function aboutEntry(execution: Execution, entry: AuditEntry): Change {
  return { execution, outcome: 'notification', entry };
}

function draftOf(event: AuditEvent, detail: JsonObject): AuditDraft {
  return { event, latencyMs: null, httpStatus: null, detail, body: null };
}

function refusalOf({ erasedAt, heldAt, resolvedAt }: Execution): Exclude<Erased['outcome'], 'erased'> | null {
  if (erasedAt !== null) return 'already-erased';
  // promise: postgres/held-execution-is-not-erased
  if (heldAt !== null) return 'held';
  return resolvedAt === null ? 'open' : null;
}

function reducedText(detail: string): string {
  return JSON.stringify(reducedDetail(readJson(detail) as JsonObject));
}

/** What remains of an entry, with its seal; nothing for an entry without content. */
function reductionOf(row: SealedEntry): SealedReduction[] {
  const detail = readJson(row.detail) as JsonObject;
  const reduced = reducedDetail(detail);
  if (reduced === detail) return [];
  const text = JSON.stringify(reduced);
  const unknownWord = detail['unknownWord'] === true && !('repeats' in detail) ? String(detail['word']) : null;
  const seal = erasureSeal(row.previous, {
    ...{ id: row.id, timestamp: isoTime(row.at), event: eventOf(row.event), actionId: row.action_id },
    ...{ correlationId: row.correlation_id, executionId: row.execution_id, latencyMs: row.latency_ms },
    ...{ httpStatus: row.http_status, app: row.app, detail: text, hash: row.hash },
  });
  return [{ id: row.id, detail: text, unknownWord, seal }];
}

/** Returns at least one object, each by entry id. */
function sealsIn(reductions: readonly SealedReduction[]): JsonObject[] {
  const parts = Math.max(1, Math.ceil(reductions.length / MAX_SEALS));
  return Array.from({ length: parts }, (_, part) =>
    Object.fromEntries(
      reductions.slice(part * MAX_SEALS, (part + 1) * MAX_SEALS).map(({ id, seal }) => [String(id), seal]),
    ),
  );
}
