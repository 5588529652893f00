// The responses to a batch: one result for each item, or one problem for the whole.

import * as v from 'valibot';
import { writeJson } from '../../execution/json.ts';
import { representExecution } from '../../execution/representation.ts';
import { many } from '../../lib/figures.ts';
import type { BatchAddResult } from '../../store/intake-port.ts';
import type { BatchItem } from '../../usecases/submission-request.ts';
import { component } from '../openapi/components.ts';
import { PROBLEM } from '../openapi/problems.ts';
import { count, described } from '../openapi/schema-parts.ts';
import { clientGone, writtenJson } from '../response/json.ts';
import { type FieldError, invalidDetail, problem, problemDetails, statusOf } from '../response/problem.ts';
import { NO_ROOM, type Room } from '../response/response-room.ts';
import { isEndedRepeat, type PresentExecution, presentExecutions, type ResultTools } from './batch-replays.ts';
import { itemPointer } from './batch-schema.ts';
import { EXECUTION } from './execution-schema.ts';
import type { InvalidItem } from './large-submissions/read-submissions.ts';
import {
  type Accepted,
  isReplayById,
  isReplayByKey,
  type RefusedOutcome,
  refusalOf,
  retryAfterHeader,
} from './submission-response.ts';

const ACCEPTED_ITEM = component(
  'AcceptedItem',
  v.object({
    status: v.pipe(
      v.picklist([202, 200]),
      v.metadata({
        type: 'integer',
        description: '202: accepted. 200: its correlationId was submitted before, with the same body.',
      }),
    ),
    execution: EXECUTION,
    replayed: v.exactOptional(described(v.literal(true), 'Present if nothing new was accepted (status 200).')),
    resultLeftOut: v.exactOptional(
      described(
        v.literal(true),
        'Present if `result`, `error` and `lateResult` of a submission that came before are null because results of other items fill the response, or they cannot be read now: get the execution by itself.',
      ),
    ),
  }),
);

const REFUSED_ITEM = component(
  'RefusedItem',
  v.object({
    status: v.pipe(
      v.number(),
      v.metadata({ type: 'integer', minimum: 400, description: 'The status of the problem.' }),
    ),
    problem: PROBLEM,
  }),
);

export const BATCH_RESPONSE = component(
  'BatchAnswer',
  v.object({
    items: described(v.array(v.union([ACCEPTED_ITEM, REFUSED_ITEM])), 'In the order of the submissions.'),
    accepted: count('The number of submissions that were accepted, now or before.'),
    refused: count('The number of submissions that were refused.'),
  }),
);

export type CheckedItem = Extract<BatchItem, { type: 'submission' }> | InvalidItem;

/** The outcome of each item, by position; null for an invalid item. */
type Outcomes = readonly (BatchAddResult | null)[];

/** Returns one result for each item, in order. @param takeRoom takes room for results, if there are any; null if the client has gone */
export async function itemResults(
  tools: ResultTools,
  items: readonly CheckedItem[],
  outcomes: Outcomes,
  takeRoom: () => Promise<Room | null>,
): Promise<Response> {
  const accepted = outcomes.filter(isAccepted);
  // promise: repeated-batches-wait-for-room
  const room = accepted.some(isEndedRepeat) ? await takeRoom() : NO_ROOM;
  // promise: gone-batch-reads-no-results
  if (room === null) return clientGone();
  const present = await presentExecutions(tools, accepted);
  const results = items.map((item, index) =>
    item.type === 'invalid' ? invalidResult(item) : itemResult(outcomes[index] ?? null, index, present),
  );
  const count = results.filter(({ status }) => status < 300).length;
  // If a submission was accepted only now, the response is not a replay.
  const known = outcomes.some((one) => one?.outcome === 'replayed' && isReplayByKey(one));
  const replayed = known && !outcomes.some((one) => one?.outcome === 'added');
  const text = writeJson({ items: results, accepted: count, refused: results.length - count });
  room.resize(text.length);
  const waits = count > 0 ? [] : outcomes.flatMap(retryAfterOf);
  const retryAfter = waits.length === 0 ? null : Math.max(...waits);
  return writtenJson([text], {
    ...(replayed ? { 'idempotent-replayed': 'true' } : {}),
    ...retryAfterHeader(retryAfter),
  });
}

function retryAfterOf(added: BatchAddResult | null): number | [] {
  if (added === null || 'execution' in added || added.outcome === 'withheld') return [];
  return refusalOf(added.outcome).retryAfter ?? [];
}

function invalidResult({ name, errors }: InvalidItem) {
  return { status: statusOf(name), problem: problemDetails(name, invalidDetail(errors), { errors }) };
}

function isAccepted(one: BatchAddResult | null): one is Accepted {
  return one?.outcome === 'added' || one?.outcome === 'replayed';
}

function itemResult(added: BatchAddResult | null, index: number, present: (one: Accepted) => PresentExecution) {
  if (added === null) throw new Error('a submission of a batch has no outcome');
  switch (added.outcome) {
    case 'added':
    case 'replayed': {
      const { execution: found, isLeftOut } = present(added);
      const execution = representExecution(found);
      if (!isReplayById(added)) return { status: 202, execution };
      return { status: 200, replayed: true, ...(isLeftOut && { resultLeftOut: true }), execution };
    }
    case 'withheld':
      throw new Error('a submission was withheld from a batch that is not atomic');
    default: {
      const { name, detail, retryAfter } = refusalOf(added.outcome);
      const errors = REASONS.filter(({ outcome }) => outcome === added.outcome).map((reason) =>
        fieldError(reason, index),
      );
      // promise: refused-item-states-when-to-return
      const members = { errors, ...(retryAfter === null ? {} : { retryAfter }) };
      return { status: statusOf(name), problem: problemDetails(name, detail, members) };
    }
  }
}

/** Refuses an atomic batch with items that can never be accepted. */
export function refuseInvalidItems(invalid: readonly InvalidItem[], count: number): Response {
  const errors = invalid.flatMap((item) => item.errors);
  return problem('invalid-input', `${nothingOf(count, invalid.length)}; errors names each field.`, {
    members: { errors },
  });
}

/** Returns the problem for the whole if the store accepted nothing: the key was reused, or the batch is atomic. Null otherwise. */
export function wholeRefused(outcomes: Outcomes, atomic: boolean): Response | null {
  const refused = outcomes.flatMap((one, index) => {
    const reason = REASONS.find(({ outcome }) => outcome === one?.outcome);
    return reason === undefined ? [] : [{ ...reason, index }];
  });
  const [weightiest] = REASONS.filter((reason) => refused.some(({ outcome }) => outcome === reason.outcome));
  if (weightiest === undefined) return null;
  const { name, retryAfter, detail } = refusalOf(weightiest.outcome);
  // All items share one key.
  if (weightiest.outcome === 'key-reused') return problem(name, detail);
  if (!atomic) return null;
  const errors = refused.map((one) => fieldError(one, one.index));
  const said = `${nothingOf(outcomes.length, refused.length)}; errors names each.`;
  return problem(name, said, { headers: retryAfterHeader(retryAfter), members: { errors } });
}

interface Reason {
  readonly outcome: RefusedOutcome;
  /** The path of the field. */
  readonly path: readonly string[];
  readonly why: string;
}

/** Refusals that waiting does not help come first. */
const REASONS: readonly Reason[] = [
  { outcome: 'key-reused', path: [], why: 'came under a key that was used before' },
  { outcome: 'conflict', path: ['correlationId'], why: 'belongs to another submission; send another one' },
  { outcome: 'share-full', path: [], why: 'finds no room in the share of this app in the queue' },
  { outcome: 'full', path: [], why: 'finds no room in the queue' },
];

function fieldError({ path, why }: Reason, index: number): FieldError {
  return { pointer: itemPointer(index, ...path), detail: why };
}

function nothingOf(count: number, refused: number): string {
  return `Nothing was accepted, because ${refused} of ${many(count, 'execution')} cannot be`;
}
