// Chooses the SQL function that commits a batch.

import { LargeTogether } from '../connection/errors.ts';
import type { ReceiptedCall } from '../connection/receipted.ts';
import { APPLY, APPLY_OUTCOME, APPLY_OUTCOMES, APPLY_WITH_KEYS, APPLY_WITHIN } from '../connection/statements.ts';
import { storableJson } from '../storable-json.ts';
import { batchArguments } from './arguments.ts';
import type { Batch } from './batch.ts';
import { outcomeArguments, outcomesArguments, outcomesIn } from './outcome.ts';
import type { Part } from './part.ts';

/** Characters of the parameters of a batch of several, which a busy server commits well within the time limit of a statement. */
const MAX_CHARS = 32 * 1024 * 1024;

export interface CallOptions {
  readonly isAllOrNothing: boolean;
  /** The newest entry that is known. */
  readonly knownHead: number;
  /** The last parameters of APPLY_WITHIN or APPLY_WITH_KEYS; none are verified without any. */
  readonly limits: readonly object[];
}

/** Returns the call that commits the batch. Its result is a `BatchResult`. @throws {LargeTogether} */
export function callFor(
  batch: Pick<Batch, 'added' | 'entries'>,
  changed: readonly Part[],
  options: CallOptions,
): ReceiptedCall {
  const call = callOf(batch, changed, options);
  const chars = call.values.reduce((sum: number, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
  const isSeveral = batch.added.length + changed.length > 1 && !options.isAllOrNothing;
  // promise: postgres/large-results-commit-alone
  if (chars > MAX_CHARS && isSeveral) throw new LargeTogether();
  return call;
}

function callOf(
  batch: Pick<Batch, 'added' | 'entries'>,
  changed: readonly Part[],
  { isAllOrNothing, knownHead, limits }: CallOptions,
): ReceiptedCall {
  const outcomes = isAllOrNothing || limits.length > 0 ? null : outcomesIn(batch, changed);
  const [part, ...others] = changed;
  if (outcomes !== null && part !== undefined) {
    return others.length === 0
      ? {
          name: 'apply_outcome',
          text: APPLY_OUTCOME,
          values: [knownHead, ...outcomeArguments(outcomes[0] ?? [], part)],
        }
      : { name: 'apply_outcomes', text: APPLY_OUTCOMES, values: [knownHead, ...outcomesArguments(outcomes, changed)] };
  }
  const values = [isAllOrNothing, knownHead, ...batchArguments(batch, changed)];
  const within = [...values, ...limits.map((limit) => storableJson(limit))];
  if (limits.length > 2) return { name: 'apply_with_keys', text: APPLY_WITH_KEYS, values: within };
  // promise: postgres/queue-bound-of-all
  if (limits.length > 0) return { name: 'apply_within', text: APPLY_WITHIN, values: within };
  return { name: 'apply_batch', text: APPLY, values };
}
