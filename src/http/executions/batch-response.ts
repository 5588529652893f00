// What a batch is answered: item by item, or with one problem for the whole when its items belong together.

import { representExecution } from '../../execution/representation.ts';
import type { BatchAddResult } from '../../store/port.ts';
import type { BatchItem } from '../../usecases/submit.ts';
import { howMany } from '../request/validate.ts';
import { json } from '../response/json.ts';
import {
  type FieldError,
  type ProblemName,
  pointerTo,
  problem,
  problemDetails,
  statusOf,
} from '../response/problem.ts';
import { isReplayByKey, originalResponse, type RefusedOutcome, refusalOf } from './submission-response.ts';

/** What cannot be accepted whatever is stored, with what is wrong with it. */
interface InvalidItem extends Extract<BatchItem, { type: 'invalid' }> {
  readonly name: ProblemName;
  readonly errors: readonly FieldError[];
}

export type CheckedItem = Extract<BatchItem, { type: 'submission' }> | InvalidItem;

/** What became of each item, in its place; null for the invalid. */
type Outcomes = readonly (BatchAddResult | null)[];

export function itemPointer(index: number, ...path: readonly string[]): string {
  return pointerTo('executions', String(index), ...path);
}

/** Each with its own answer, in the order in which they came. */
export function eachAnswered(items: readonly CheckedItem[], outcomes: Outcomes): Response {
  const answers = items.map((item, index) =>
    item.type === 'invalid' ? invalidResult(item) : answered(outcomes[index] ?? null, index),
  );
  const accepted = answers.filter(({ status }) => status < 300).length;
  // When something was accepted only now, it is not just the first answer that is told again.
  const known = outcomes.some((one) => one?.outcome === 'replayed' && isReplayByKey(one));
  const replayed = known && !outcomes.some((one) => one?.outcome === 'added');
  const body = { items: answers, accepted, refused: answers.length - accepted };
  return json(200, body, replayed ? { 'idempotent-replayed': 'true' } : {});
}

function invalidResult({ name, errors }: InvalidItem) {
  const detail = `${howMany(errors, 'field')}; errors names each.`;
  return { status: statusOf(name), problem: problemDetails(name, detail, { errors }) };
}

function answered(added: BatchAddResult | null, index: number) {
  if (added === null) throw new Error('a submission of a batch has no outcome');
  switch (added.outcome) {
    case 'added':
      return { status: 202, execution: representExecution(added.execution) };
    case 'replayed': {
      const execution = representExecution(originalResponse(added));
      return isReplayByKey(added) ? { status: 202, execution } : { status: 200, replayed: true, execution };
    }
    case 'withheld':
      throw new Error('a submission was withheld from a batch that is not atomic');
    default: {
      const { name, detail } = refusalOf(added.outcome);
      const errors = REASONS.filter(({ outcome }) => outcome === added.outcome).map((reason) => told(reason, index));
      return { status: statusOf(name), problem: problemDetails(name, detail, { errors }) };
    }
  }
}

/** All or none were to be accepted, and these can never be. */
export function refuseInvalidItems(invalid: readonly InvalidItem[], count: number): Response {
  const errors = invalid.flatMap((item) => item.errors);
  return problem('invalid-input', `${nothingOf(count, invalid.length)}; errors names each field.`, {
    members: { errors },
  });
}

/** When the store took none of them: because of the key that they came under, or because all or none were to be accepted. */
export function wholeRefused(outcomes: Outcomes, atomic: boolean): Response | null {
  const refused = outcomes.flatMap((one, index) => {
    const reason = REASONS.find(({ outcome }) => outcome === one?.outcome);
    return reason === undefined ? [] : [{ ...reason, index }];
  });
  const [weightiest] = REASONS.filter((reason) => refused.some(({ outcome }) => outcome === reason.outcome));
  if (weightiest === undefined) return null;
  const { name, headers, detail } = refusalOf(weightiest.outcome);
  // The key of one item is the key of all.
  if (weightiest.outcome === 'key-reused') return problem(name, detail);
  if (!atomic) return null;
  const errors = refused.map((one) => told(one, one.index));
  const said = `${nothingOf(outcomes.length, refused.length)}; errors names each.`;
  return problem(name, said, { headers, members: { errors } });
}

interface Reason {
  readonly outcome: RefusedOutcome;
  /** The field that it is about. */
  readonly path: readonly string[];
  readonly why: string;
}

/** What waiting does not help comes first. */
const REASONS: readonly Reason[] = [
  { outcome: 'key-reused', path: [], why: 'came under a key that was used before' },
  { outcome: 'conflict', path: ['correlationId'], why: 'belongs to another submission; send another one' },
  { outcome: 'share-full', path: [], why: 'finds no room in the share of this app in the queue' },
  { outcome: 'full', path: [], why: 'finds no room in the queue' },
];

function told({ path, why }: Reason, index: number): FieldError {
  return { pointer: itemPointer(index, ...path), detail: why };
}

function nothingOf(count: number, refused: number): string {
  return `Nothing was accepted, because ${refused} of ${count} executions cannot be`;
}
