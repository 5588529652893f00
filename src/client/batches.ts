// Submits a batch. Items that the receiver cannot take at the moment are sent again when it asks for it.

import type { Connection } from './connection.ts';
import { harmless, pauseAfter, ReceiverError, send } from './requests.ts';
import type { BatchAnswer, BatchItem, Submission } from './types.ts';

export interface OutgoingBatch {
  /** Each with its id, unless there is a key. */
  readonly submissions: readonly Submission[];
  readonly atomic: boolean;
  readonly key: string | undefined;
  readonly signal: AbortSignal | undefined;
}

const PATH = '/v1/executions/batch';

/** @throws {ReceiverError} if the first request is refused or gets no response. Later ones only bring items that were refused before. */
export async function sendBatch(connection: Connection, batch: OutgoingBatch): Promise<BatchAnswer> {
  const { attempts, retryForMs, surroundings } = connection;
  const { submissions, key, signal } = batch;
  const all = [...submissions.keys()];
  let items = await sendItems(connection, batch, all);
  const stopAt = surroundings.now() + retryForMs;
  for (let attempt = 1; attempt < attempts; attempt += 1) {
    const waits = items.map(retryAfterOf);
    const refused = all.filter((index) => waits[index] != null);
    const pauseMs = Math.max(0, ...waits.map((seconds) => (seconds ?? 0) * 1000)) + pauseAfter(attempt, surroundings);
    if (refused.length === 0 || surroundings.now() + pauseMs > stopAt) break;
    await surroundings.sleep(pauseMs, signal);
    // With a key, the receiver recognises the batch by its whole content.
    // promise: client-repeats-refused-items
    const again = await sendItems(connection, batch, key === undefined ? refused : all).catch(none);
    if (again === null) break;
    const repeated = new Map(again.map((item, n) => [key === undefined ? refused[n] : n, item]));
    items = items.map((item, index) => (waits[index] == null ? item : (repeated.get(index) ?? item)));
  }
  const accepted = items.filter(({ status }) => status < 300).length;
  return { items, accepted, refused: items.length - accepted };
}

/** What was accepted is reported although the repetition failed, unless the caller has aborted it. */
function none(error: unknown): null {
  if (error instanceof ReceiverError) return null;
  throw error;
}

async function sendItems(
  connection: Connection,
  { submissions, atomic, key, signal }: OutgoingBatch,
  indexes: readonly number[],
): Promise<readonly BatchItem[]> {
  const body = JSON.stringify({ executions: indexes.map((index) => submissions[index]), atomic });
  const { items } = await send<BatchAnswer>(connection, { ...harmless('POST', PATH, key), body, signal });
  return items.map((item, n) => withPointers(item, indexes[n] ?? n));
}

function retryAfterOf(item: BatchItem): number | null {
  return 'problem' in item ? (item.problem.retryAfter ?? null) : null;
}

/** Pointers name the place of the item in the batch of the caller. */
function withPointers(item: BatchItem, index: number): BatchItem {
  if (!('problem' in item) || item.problem.errors === undefined) return item;
  const errors = item.problem.errors.map(({ pointer, ...error }) =>
    pointer === undefined ? error : { ...error, pointer: pointer.replace(/^(#\/executions\/)\d+/, `$1${index}`) },
  );
  return { ...item, problem: { ...item.problem, errors } };
}
