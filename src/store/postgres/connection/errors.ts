// Errors of PostgreSQL, by what they mean for a write: the connection is gone, the server takes no writes, or the values are bad.

import { DatabaseError } from 'pg';
import { reasonOf } from '../../../lib/log.ts';
import { StoreUnavailable } from '../../port.ts';

/** Raised by `apply_batch`: another receiver has raised the epoch of the slot. */
export const FENCED = 'CX001';
/**
 * Raised by `apply_batch`: a part of an all-or-nothing batch is stale. Raised by `one_request_per_key`: another receiver has accepted
 * another request with a key of the batch.
 */
const STALE = 'CX002';
/** Raised by `within_queue`: other receivers have filled the queue in between. */
const QUEUE_FULL = 'CX003';
/** The server accepts no writes (read_only_sql_transaction): it was demoted, or the operator has set it so. */
export const READ_ONLY = '25006';
/** Another session had a lock for longer than `lock_timeout` (lock_not_available). */
export const LOCKED = '55P03';
/** A row has no partition (check_violation). */
export const NO_PARTITION = '23514';
/** The disk of the server has no room (disk_full). */
const DISK_FULL = '53100';

/** Classes and codes after which the server has rolled the statement back, and a repetition may succeed. */
const TRANSIENT = /^(?:40|55P03|57014|25006|53)/;

/** The server ends the connection after these (admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped). */
const ENDS_CONNECTION = /^(?:57P0[1-5]|08)/;

/** Only the leader may write this, and another receiver leads. Nothing was written. */
export class NotLeading extends StoreUnavailable {
  constructor() {
    super('another receiver leads');
  }
}

/** Two receivers have added the same submissions in another order (deadlock_detected): nothing of the batch was written. */
const DEADLOCK = '40P01';

/** True if nothing was written because other receivers have written in between, so that the batch is to be decided again. */
export function isStale(error: unknown): boolean {
  return [STALE, QUEUE_FULL, DEADLOCK].includes(codeOf(error));
}

export function isQueueFull(error: unknown): boolean {
  return codeOf(error) === QUEUE_FULL;
}

export function codeOf(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? '') : '';
}

/** True if the error leaves open whether the statement was committed. */
export function leavesInDoubt(error: unknown): boolean {
  return !(error instanceof DatabaseError) || ENDS_CONNECTION.test(error.code ?? '');
}

/** True if the server did not apply the statement for a reason that lies in its state: a conflict, a full disk, read-only. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.test(codeOf(error));
}

/**
 * True if the server refuses statements until an administrator has changed something (class 42): the role has lost a right, or a table, a
 * function or the index of a constraint is gone.
 */
function isRefused(error: unknown): boolean {
  return codeOf(error).startsWith('42');
}

/** True if the server did not apply the statement for a reason that is not in its values, so that the same one may succeed later. */
export function isUnavailable(error: unknown): boolean {
  // promise: postgres/lost-right-loses-no-response
  return isTransient(error) || isRefused(error);
}

export function isDiskFull(error: unknown): boolean {
  return codeOf(error) === DISK_FULL;
}

/** The results of a batch are too large to be committed together. */
export class LargeTogether extends Error {
  override readonly name = 'LargeTogether';
}

/** Returns whether the changes of a batch are to be tried one by one: the values of one are refused (classes 22 and 23), or all are large. */
export function isToBeSplit(error: unknown): boolean {
  return error instanceof LargeTogether || /^2[23]/.test(codeOf(error));
}

export function unavailable(error: unknown): StoreUnavailable {
  return new StoreUnavailable(`the database does not take writes: ${reasonOf(error)}`, { cause: error });
}
