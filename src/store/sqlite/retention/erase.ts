// Erases the content of executions, and holds executions. Hashes replace payloads as in pruning; entries that lose a part of their
// detail keep their hash, and a later entry of the trail has the seal of what remains of each.

import type { Database } from 'better-sqlite3';
import { draftOf } from '../../../execution/event.ts';
import { isoTime } from '../../../lib/time.ts';
import { notificationIds } from '../../../notification/outgoing.ts';
import type { Erased, Erasure, Order } from '../../erasure-port.ts';
import type { Change } from '../../port.ts';
import { GIVEN_UP, ORDERS, type Reduction, reductionOf, refusalOf, sealsIn } from '../../shared/erasures.ts';
import type { AuditTrail } from '../audit/append.ts';
import { auditRow, SELECT_ENTRIES } from '../audit/entry-rows.ts';
import type { ExecutionRow, Values } from '../executions/execution-row.ts';
import type { createUnknownWords } from '../executions/unknown-words.ts';
import type { Checkpointer } from '../file/checkpoint/checkpointer.ts';
import { type Mutation, unchanged, type Writer } from '../group-commit.ts';
import type { SqliteOutbox } from '../outbox/outbox.ts';
import { hashText } from '../rows.ts';
import { createPayloadStripping } from './prune-payloads.ts';

interface ErasureTools {
  readonly writer: Pick<Writer<Change>, 'mutate'>;
  readonly checkpoints: Pick<Checkpointer, 'alone'>;
  readonly stored: (reference: string) => ExecutionRow | undefined;
  readonly trail: Pick<AuditTrail, 'append' | 'summarize'>;
  readonly giveUpPending: SqliteOutbox['giveUpPending'];
  readonly uncountWord: ReturnType<typeof createUnknownWords>['uncount'];
}

export function createErasure(client: Database, tools: ErasureTools): Erasure {
  const { writer, checkpoints, stored, trail, giveUpPending, uncountWord } = tools;
  const sql = prepare(client);
  const strip = createPayloadStripping(client);

  function erase(reference: string, order: Order, now: number): Mutation<Erased | undefined, Change> {
    const found = stored(reference);
    if (found === undefined) return unchanged(undefined);
    const before = found.execution;
    const refusal = refusalOf(before);
    if (refusal !== null) return unchanged({ outcome: refusal, execution: before });
    // promise: counted-content-is-erased
    const counts = trail.summarize(found, now);
    const reductions = reductionsOf(found.id);
    const [ended, late] = notificationIds(reference);
    sql.clearFailures.run(ended, late);
    const givenUp = giveUpPending(reference, GIVEN_UP, now);
    const erasedAt = isoTime(now);
    strip(found.id, now);
    sql.markErased.run(now, found.id);
    // promise: erased-content-is-gone
    for (const { id, detail } of reductions) sql.reduce.run(detail, id);
    for (const { unknownWord } of reductions) if (unknownWord !== null) uncountWord(unknownWord, now);
    sql.emptyBodies.run(erasedAt, found.id);
    const erased = stored(reference) as ExecutionRow;
    const { execution } = erased;
    const entries = sealsIn(reductions).map((seals) =>
      trail.append(erased, draftOf('ERASED', { ...order, entries: seals }), now),
    );
    const changes = [...counts, ...entries].map((entry): Change => ({ execution, outcome: 'notification', entry }));
    return { value: { outcome: 'erased', execution }, changes: [...givenUp, ...changes] };
  }

  /** Entries that have content, each with the detail that remains and its seal. */
  function reductionsOf(id: number): Reduction[] {
    return sql.entries.all(id).flatMap((values) => {
      const row = auditRow(values);
      return reductionOf(row, () => {
        const before = sql.hashBefore.get(row.id);
        return before === undefined ? (sql.checkpointHash.get() ?? '') : hashText(before);
      });
    });
  }

  function setHold(reference: string, isHeld: boolean, { by, reason }: Order, now: number) {
    const found = stored(reference);
    if (found === undefined) return unchanged(undefined);
    if ((found.execution.heldAt !== null) === isHeld) return unchanged(found.execution);
    const heldAt = isHeld ? now : null;
    sql.setHold.run(heldAt, found.id);
    const execution = { ...found.execution, heldAt };
    const draft = draftOf(isHeld ? 'HELD' : 'RELEASED', { by, reason });
    const entry = trail.append({ ...found, execution }, draft, now);
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

function prepare(client: Database) {
  return {
    entries: client
      .prepare<[number], Values>(`${SELECT_ENTRIES} WHERE a.execution = ? AND a.event NOT IN (${ORDERS}) ORDER BY a.id`)
      .raw(),
    hashBefore: client
      .prepare<[number], unknown>('SELECT hash FROM audit_rows WHERE id < ? ORDER BY id DESC LIMIT 1')
      .pluck(),
    checkpointHash: client.prepare<[], string>('SELECT hash FROM audit_checkpoint WHERE id = 1').pluck(),
    markErased: client.prepare<[at: number, id: number]>(
      `UPDATE execution_rows SET erased_at = ?, unknown_word = NULL, execution_id_problem = NULL, poll_url = NULL,
        cookies = NULL
      WHERE id = ?`,
    ),
    setHold: client.prepare<[at: number | null, id: number]>('UPDATE execution_rows SET held_at = ? WHERE id = ?'),
    reduce: client.prepare<[string, number]>('UPDATE audit_rows SET detail = ? WHERE id = ?'),
    emptyBodies: client.prepare<[at: string, execution: number]>(
      `UPDATE callback_bodies SET body = x'', content_type = NULL, pruned_at = ? WHERE pruned_at IS NULL
        AND audit_id IN (SELECT id FROM audit_rows WHERE execution = ?)`,
    ),
    clearFailures: client.prepare<[string, string]>('UPDATE notifications SET last_error = NULL WHERE id IN (?, ?)'),
  };
}
