// Erases the content of executions, and holds executions. Hashes replace payloads as in pruning; entries that lose a part of their
// detail keep their hash, and a later entry of the trail has the seal of what remains of each.

import type { Database } from 'better-sqlite3';
import type { AuditEntry, AuditEvent } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { type JsonObject, readJson } from '../../../execution/json.ts';
import { reducedDetail } from '../../../execution/reduced-detail.ts';
import { isoTime } from '../../../lib/time.ts';
import { notificationIds } from '../../../notification/outgoing.ts';
import type { Erased, Erasure, Order } from '../../erasure-port.ts';
import type { Change } from '../../port.ts';
import type { AuditTrail } from '../audit/append.ts';
import { erasureSeal } from '../audit/hash-chain.ts';
import type { createUnknownWords } from '../executions/unknown-words.ts';
import type { Checkpointer } from '../file/checkpoint/checkpointer.ts';
import { type Mutation, unchanged, type Writer } from '../group-commit.ts';
import type { SqliteOutbox } from '../outbox/outbox.ts';
import { type AuditRow, type StateRow, toExecution } from '../rows.ts';
import { createPayloadStripping } from './prune-payloads.ts';

/** Seals in one entry. An erasure of more entries writes several entries. */
const MAX_SEALS = 500;

const GIVEN_UP = 'the content of the execution was erased';

interface ErasureTools {
  readonly writer: Pick<Writer<Change>, 'mutate'>;
  readonly checkpoints: Pick<Checkpointer, 'alone'>;
  readonly rowOf: (reference: string) => StateRow | undefined;
  readonly trail: Pick<AuditTrail, 'append' | 'summarize'>;
  readonly giveUpPending: SqliteOutbox['giveUpPending'];
  readonly uncountWord: ReturnType<typeof createUnknownWords>['uncount'];
}

export function createErasure(client: Database, tools: ErasureTools): Erasure {
  const { writer, checkpoints, rowOf, trail, giveUpPending, uncountWord } = tools;
  const sql = prepare(client);
  const strip = createPayloadStripping(client);

  function erase(reference: string, order: Order, now: number): Mutation<Erased | undefined, Change> {
    const row = rowOf(reference);
    if (row === undefined) return unchanged(undefined);
    const before = toExecution(row);
    const refusal = refusalOf(before);
    if (refusal !== null) return unchanged({ outcome: refusal, execution: before });
    // promise: counted-content-is-erased
    const counts = trail.summarize(before, now);
    const reductions = reductionsOf(before.correlationId);
    const [ended, late] = notificationIds(reference);
    sql.clearFailures.run(ended, late);
    const givenUp = giveUpPending(reference, GIVEN_UP, now);
    const erasedAt = isoTime(now);
    strip(reference, erasedAt);
    sql.markErased.run(erasedAt, reference);
    // promise: erased-content-is-gone
    for (const { id, detail } of reductions) sql.reduce.run(detail, id);
    for (const { unknownWord } of reductions) if (unknownWord !== null) uncountWord(unknownWord, now);
    sql.emptyBodies.run(erasedAt, before.correlationId);
    const execution = toExecution(rowOf(reference) as StateRow);
    const entries = sealsIn(reductions).map((seals) => write('ERASED', execution, { ...order, entries: seals }, now));
    const changes = [...counts, ...entries].map((entry): Change => ({ execution, outcome: 'notification', entry }));
    return { value: { outcome: 'erased', execution }, changes: [...givenUp, ...changes] };
  }

  /** Entries that have content, each with the detail that remains and its seal. */
  function reductionsOf(correlationId: string): Reduction[] {
    return sql.entries.all(correlationId).flatMap((row) => {
      const detail = readJson(row.detail) as JsonObject;
      const reduced = reducedDetail(detail);
      if (reduced === detail) return [];
      const text = JSON.stringify(reduced);
      const previous = sql.hashBefore.get(row.id) ?? sql.checkpointHash.get() ?? '';
      const unknownWord = detail['unknownWord'] === true && !('repeats' in detail) ? String(detail['word']) : null;
      return [{ id: row.id, detail: text, unknownWord, seal: erasureSeal(previous, { ...row, detail: text }) }];
    });
  }

  function write(event: AuditEvent, execution: Execution, detail: JsonObject, now: number): AuditEntry {
    return trail.append(execution, { event, latencyMs: null, httpStatus: null, detail, body: null }, now);
  }

  function setHold(reference: string, isHeld: boolean, { by, reason }: Order, now: number) {
    const row = rowOf(reference);
    if (row === undefined) return unchanged(undefined);
    if ((row.heldAt !== null) === isHeld) return unchanged(toExecution(row));
    sql.setHold.run(isHeld ? isoTime(now) : null, reference);
    const execution = toExecution(rowOf(reference) as StateRow);
    const entry = write(isHeld ? 'HELD' : 'RELEASED', execution, { by, reason }, now);
    const change: Change = { execution, outcome: 'notification', entry };
    return { value: execution, changes: [change] };
  }

  return {
    erase: (reference, { by, reason }, now) => writer.mutate(() => erase(reference, { by, reason }, now)),
    hold: (reference, order, now) => writer.mutate(() => setHold(reference, true, order, now)),
    release: (reference, order, now) => writer.mutate(() => setHold(reference, false, order, now)),
    emptyWal: () => checkpoints.alone(() => client.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0),
  };
}

interface Reduction {
  readonly id: number;
  readonly detail: string;
  /** The status word of the entry that no profile lists. */
  readonly unknownWord: string | null;
  readonly seal: string;
}

function refusalOf({ erasedAt, heldAt, resolvedAt }: Execution): Exclude<Erased['outcome'], 'erased'> | null {
  if (erasedAt !== null) return 'already-erased';
  // promise: held-execution-is-not-erased
  if (heldAt !== null) return 'held';
  return resolvedAt === null ? 'open' : null;
}

/** Returns at least one object, each by entry id. */
function sealsIn(reductions: readonly Reduction[]): JsonObject[] {
  const parts = Math.max(1, Math.ceil(reductions.length / MAX_SEALS));
  return Array.from({ length: parts }, (_, part) =>
    Object.fromEntries(
      reductions.slice(part * MAX_SEALS, (part + 1) * MAX_SEALS).map(({ id, seal }) => [String(id), seal]),
    ),
  );
}

function prepare(client: Database) {
  return {
    entries: client.prepare<[string], AuditRow>(
      `SELECT id, timestamp, event, action_id AS actionId, correlation_id AS correlationId, execution_id AS executionId,
        latency_ms AS latencyMs, http_status AS httpStatus, app, detail, hash
      FROM audit_events WHERE correlation_id = ? AND event NOT IN ('HELD', 'RELEASED', 'ERASED') ORDER BY id`,
    ),
    hashBefore: client
      .prepare<[number], string>('SELECT hash FROM audit_events WHERE id < ? ORDER BY id DESC LIMIT 1')
      .pluck(),
    checkpointHash: client.prepare<[], string>('SELECT hash FROM audit_checkpoint WHERE id = 1').pluck(),
    markErased: client.prepare<[string, string]>(
      `UPDATE executions SET erased_at = ?, unknown_word = NULL, execution_id_problem = NULL, poll_url = NULL,
        cookies = NULL
      WHERE reference = ?`,
    ),
    setHold: client.prepare<[string | null, string]>('UPDATE executions SET held_at = ? WHERE reference = ?'),
    reduce: client.prepare<[string, number]>('UPDATE audit_events SET detail = ? WHERE id = ?'),
    emptyBodies: client.prepare<[string, string]>(
      `UPDATE callback_bodies SET body = x'', content_type = NULL, pruned_at = ? WHERE pruned_at IS NULL
        AND audit_id IN (SELECT id FROM audit_events WHERE correlation_id = ?)`,
    ),
    clearFailures: client.prepare<[string, string]>('UPDATE notifications SET last_error = NULL WHERE id IN (?, ?)'),
  };
}
