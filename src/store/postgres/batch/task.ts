// Decisions that are committed in batches, and how they find the execution or the notification that they are about.

import type { Notification } from '../../../notification/notification.ts';
import type { NewExecution } from '../../intake-port.ts';
import type { Change } from '../../port.ts';
import type { Batch } from './batch.ts';
import type { Part } from './part.ts';

export interface Decided<T> {
  readonly value: T;
  /** Passed to the listeners after the commit. */
  readonly changes: readonly Change[];
  /** The part of the batch that it changes; null if it changes nothing. */
  readonly part: Part | null;
}

/** One decision about one execution. */
export interface Task<T> {
  /** The execution that it reads, the submission that it adds, or both. */
  readonly target: { readonly reference?: string; readonly submission?: NewExecution };
  /** Runs again when it was stale, so that it must have no effects outside the batch. */
  readonly decide: (batch: Batch) => Decided<T>;
}

/** The decision that changes nothing. */
export function unchanged<T>(value: T): Decided<T> {
  return { value, changes: [], part: null };
}

/** Returns a task about a stored execution; its value is undefined if there is none. */
export function taskOn<T>(reference: string, decide: (part: Part) => Decided<T>): Task<T | undefined> {
  return {
    target: { reference },
    decide: (batch) => {
      const part = batch.partOf(reference);
      return part === undefined ? unchanged(undefined) : decide(part);
    },
  };
}

/** Returns a task about a notification; its value is undefined unless the notification is still wanted as it is. */
export function notificationTask<T>(
  { id, reference }: Pick<Notification, 'id' | 'reference'>,
  isWanted: (notification: Notification) => boolean,
  decide: (part: Part, before: Notification) => Decided<T>,
): Task<T | undefined> {
  return taskOn<T | undefined>(reference, (part) => {
    const before = part.state.notifications.find((one) => one.id === id);
    return before === undefined || !isWanted(before) ? unchanged(undefined) : decide(part, before);
  });
}
