// The arguments of the SQL function apply_outcome: a decision that ends one execution and does nothing else, as most callbacks do.

import { RESOLVED_BY_CODES, STATUS_CODES } from '../../shared/codes.ts';
import { outcomeColumns } from '../../shared/columns.ts';
import { storable } from '../storable-json.ts';
import type { Aggregate } from './aggregate.ts';
import { changedRow, document, entryRow, notificationRows, tallyRows, wholeMs } from './arguments.ts';
import type { Batch } from './batch.ts';
import type { Part } from './part.ts';

/** The columns that apply_outcome sets. */
const SET: ReadonlySet<string> = new Set([
  ...['status', 'resolved_by', 'resolved_at', 'dispatch_at', 'poll_at', 'expire_at', 'entries', 'entry_bytes'],
]);

/** The parameters of apply_outcome behind slot, epoch, sequence and head, in their order; null if the batch does something else. */
export function outcomeArguments(
  { added, entries }: Pick<Batch, 'added' | 'entries'>,
  changed: readonly Part[],
): unknown[] | null {
  const [part] = changed;
  const [one] = entries;
  if (part === undefined || one === undefined || added.length + changed.length + entries.length > 2) return null;
  const { loaded, state } = part;
  if (loaded === null || !isEnd(loaded, state) || !isOutcomeAlone(part, loaded) || one.body !== null) return null;
  const { execution } = state;
  const { result, error } = outcomeColumns(execution);
  const { at, event, http_status, latency_ms, execution_id, columns, detail, ends } = entryRow(one);
  return [
    ...[loaded.id, loaded.version, execution.reference],
    ...[STATUS_CODES[execution.status], execution.resolvedBy && RESOLVED_BY_CODES[execution.resolvedBy]],
    ...[wholeMs(execution.resolvedAt), result, error],
    ...[at, event, http_status, latency_ms, execution_id, columns, detail, ends === true],
    ...[state.entryBytes - loaded.entryBytes, document(tallyRows(part, 1))],
  ].map((value) => (typeof value === 'string' ? storable(value) : value));
}

function isEnd({ execution: before }: Aggregate, { execution: after }: Aggregate): boolean {
  const { dispatchAt, pollAt, expireAt } = after;
  return before.resolvedAt === null && after.resolvedAt !== null && (dispatchAt ?? pollAt ?? expireAt) === null;
}

/** Whether nothing but the outcome changes: neither another column of the execution nor a row of another table. */
function isOutcomeAlone(part: Part, loaded: Aggregate): boolean {
  const { state, words, payload, reductions, counted, areRepeatsTaken } = part;
  if (words.length + counted.length > 0 || payload !== null || reductions !== null || areRepeatsTaken) return false;
  // promise: postgres/lone-outcome-notifies
  if (state.execution.lateResult !== null || notificationRows(part, 1).length > 0) return false;
  const before = changedRow({ state: loaded, loaded, entries: 0 }, 1);
  // promise: postgres/lone-outcome-is-the-whole-change
  return Object.entries(changedRow(part, 1)).every(([name, value]) => SET.has(name) || value === before[name]);
}
