// The arguments of the SQL functions for decisions that end one execution each and do nothing else, as most callbacks do.

import type { Execution } from '../../../execution/execution.ts';
import { RESOLVED_BY_CODES, STATUS_CODES } from '../../shared/codes.ts';
import { outcomeColumns, wholeMs } from '../../shared/columns.ts';
import { arrayText, storable } from '../storable-json.ts';
import type { Aggregate } from './aggregate.ts';
import { document, entryRow, tallyRows } from './arguments.ts';
import type { Batch } from './batch.ts';
import type { Part, PendingEntry } from './part.ts';

/** The members of an execution that these functions set. */
const SET: ReadonlySet<string> = new Set<keyof Execution>([
  ...(['status', 'resolvedBy', 'resolvedAt', 'result', 'error', 'dispatchAt', 'pollAt', 'expireAt'] as const),
]);

/** The last arrays of apply_outcomes, by the columns of the rows of `tallyRows`. */
const TALLY_COLUMNS = ['n', 'kind', 'hour', 'app', 'action_id', 'a', 'b', 'c', 'd', 'e', 'times'] as const;

/** The values of a decision in the order of the parameters. */
type Outcome = readonly unknown[];

/** Returns the outcome of each part, whose one entry is that of the same place; null if the batch does something else. */
export function outcomesIn(
  { added, entries }: Pick<Batch, 'added' | 'entries'>,
  changed: readonly Part[],
): Outcome[] | null {
  if (added.length > 0 || entries.length !== changed.length) return null;
  const outcomes: Outcome[] = [];
  for (const [i, part] of changed.entries()) {
    const entry = entries[i];
    // promise: postgres/lone-outcomes-keep-their-entries
    if (entry?.part !== part) return null;
    const outcome = outcomeOf(part, entry);
    if (outcome === null) return null;
    outcomes.push(outcome);
  }
  return outcomes;
}

/** Returns the parameters of apply_outcome behind slot, epoch, sequence and head, in their order. */
export function outcomeArguments(outcome: Outcome, part: Part): unknown[] {
  return [...outcome, document(tallyRows(part, 1))];
}

/** The same of apply_outcomes: an array for each column. */
export function outcomesArguments(outcomes: readonly Outcome[], parts: readonly Part[]): unknown[] {
  const tallies = parts.flatMap((part, i) => tallyRows(part, i + 1));
  return [
    ...(outcomes[0] ?? []).map((_, column) => arrayText(outcomes.map((outcome) => outcome[column]))),
    ...TALLY_COLUMNS.map((column) => arrayText(tallies.map((row) => row[column]))),
  ];
}

function outcomeOf(part: Part, entry: PendingEntry): Outcome | null {
  const { loaded, state } = part;
  if (loaded === null || !isEnd(loaded, state) || !isOutcomeAlone(part, loaded) || entry.body !== null) return null;
  const { execution } = state;
  const { result, error } = outcomeColumns(execution);
  const { at, event, http_status, latency_ms, execution_id, columns, detail, ends } = entryRow(entry);
  return [
    ...[loaded.id, loaded.version, execution.reference],
    ...[STATUS_CODES[execution.status], execution.resolvedBy && RESOLVED_BY_CODES[execution.resolvedBy]],
    ...[wholeMs(execution.resolvedAt), result, error],
    ...[at, event, http_status, latency_ms, execution_id, columns, detail, ends === true],
    state.entryBytes - loaded.entryBytes,
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
  const { execution: after, arrival, payloadPrunedAt } = state;
  // promise: postgres/lone-outcome-notifies
  if (after.lateResult !== null || state.notifications !== loaded.notifications) return false;
  if (arrival !== loaded.arrival || payloadPrunedAt !== loaded.payloadPrunedAt) return false;
  const { execution: before } = loaded;
  // promise: postgres/lone-outcome-is-the-whole-change
  return (Object.keys(after) as (keyof Execution)[]).every((name) => SET.has(name) || after[name] === before[name]);
}
