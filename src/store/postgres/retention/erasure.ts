// Erases the content of executions, and holds executions. Entries that lose a part of their detail keep their hash, and the entry
// ERASED has the seal of what remains of each.

import { type AuditEntry, draftOf } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { type JsonObject, readJson } from '../../../execution/json.ts';
import { reducedDetail, withoutQuotes } from '../../../execution/reduced-detail.ts';
import type { Erased, Erasure, Order } from '../../erasure-port.ts';
import { type Change, StoreUnavailable } from '../../port.ts';
import { GIVEN_UP, ORDERS, reductionOf, refusalOf, sealsIn } from '../../shared/erasures.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Part } from '../batch/part.ts';
import { type Decided, taskOn, unchanged } from '../batch/task.ts';
import type { Writer } from '../group-commit.ts';
import { applyToNotification } from '../outbox/outbox.ts';
import { ENTRY_COLUMNS } from '../queries/audit.ts';
import { type HashedEntry, toAuditRow } from '../reader/trail.ts';
import { stripPayload } from './payloads.ts';

/** Attempts to erase an execution about which entries are written all the time. */
const MAX_ATTEMPTS = 50;

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

interface SealedEntry extends HashedEntry {
  /** The hash of the entry before. */
  readonly previous: string;
}

/** One statement, so that the entries are those of the version. */
const CONTENT = `SELECT e.version, coalesce(p.inputs, '{}') AS inputs, coalesce(p.context, '{}') AS context, (
    SELECT json_agg(x ORDER BY x.id) FROM (
      SELECT ${ENTRY_COLUMNS}, encode(a.hash, 'hex') AS hash, coalesce(
          (SELECT encode(b.hash, 'hex') FROM audit_rows AS b WHERE b.id < a.id ORDER BY b.id DESC LIMIT 1),
          (SELECT c.hash FROM audit_checkpoint AS c)) AS previous
      FROM audit_rows AS a
      WHERE a.execution = e.id AND a.event NOT IN (${ORDERS})
    ) AS x) AS entries
  FROM execution_rows AS e LEFT JOIN payload_rows AS p ON p.id = e.id WHERE e.reference = $1`;

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
function erasureTask(reference: string, content: StoredContent, ordered: Ordered) {
  return taskOn<Erased | 'changed'>(reference, (part) => {
    const { execution } = part.state;
    const refusal = refusalOf(execution);
    if (refusal !== null) return unchanged({ outcome: refusal, execution });
    if (part.state !== part.loaded || part.state.version !== content.version) return unchanged('changed');
    return { ...eraseContent(part, content, ordered), part };
  });
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
  const reductions = (content.entries ?? []).flatMap((row) => reductionOf(toAuditRow(row), () => row.previous));
  // promise: postgres/erased-content-is-gone
  part.reduce({ entries: reductions, at: now });
  const { execution } = part.state;
  const entries = sealsIn(reductions).map((seals) => part.append(draftOf('ERASED', { ...order, entries: seals }), now));
  const changes = [...counts, ...entries].map((entry) => aboutEntry(execution, entry));
  return { value: { outcome: 'erased', execution }, changes: [...givenUp, ...changes] };
}

function holdTask(reference: string, isHeld: boolean, { order, now }: Ordered) {
  return taskOn<Execution>(reference, (part) => {
    const before = part.state.execution;
    if ((before.heldAt !== null) === isHeld) return unchanged(before);
    const execution = { ...before, heldAt: isHeld ? now : null };
    part.saveExecution(execution);
    const { by, reason } = order;
    const entry = part.append(draftOf(isHeld ? 'HELD' : 'RELEASED', { by, reason }), now);
    return { value: execution, changes: [aboutEntry(execution, entry)], part };
  });
}

function aboutEntry(execution: Execution, entry: AuditEntry): Change {
  return { execution, outcome: 'notification', entry };
}

function reducedText(detail: string): string {
  return JSON.stringify(reducedDetail(readJson(detail) as JsonObject));
}
