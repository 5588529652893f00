// The pause role of a store: administrators pause sending to CXone for one action, for one app, or for all.

import type { Submission } from '../execution/execution.ts';
import { isoTime } from '../lib/time.ts';

/** What is paused: one app, one action, or all sending while both are null. */
export interface PauseScope {
  readonly app: string | null;
  readonly actionId: string | null;
}

export interface SendingPause extends PauseScope {
  /** Milliseconds. */
  readonly since: number;
  /** As audit entries name the operator, for example `operator:alice`. */
  readonly by: string;
  readonly reason: string | null;
}

/** A pause with the number of queued executions that it holds back. */
export interface CountedPause extends SendingPause {
  readonly queued: number;
}

export interface PauseResult {
  /** False: the scope was paused before, and that pause is unchanged. */
  readonly isNew: boolean;
  readonly pause: CountedPause;
}

export interface SendingPauses {
  /** Commits a pause. From then on, no execution of its scope is claimed for dispatch until it is resumed. */
  pauseSending(pause: SendingPause): Promise<PauseResult>;
  /** Commits the end of the pause of exactly this scope, and returns it; null if there is none. Other pauses stay. */
  resumeSending(scope: PauseScope): Promise<CountedPause | null>;
  /** Returns the pauses, the oldest first. */
  sendingPauses(): Promise<readonly CountedPause[]>;
  /** Calls the listener after each end of a pause, because executions may be due. Returns a function that stops the calls. */
  watchResumes(listener: () => void): () => void;
}

/** Returns whether the pause holds back executions of this app and action. */
export function holdsBack({ app, actionId }: PauseScope, execution: Pick<Submission, 'app' | 'actionId'>): boolean {
  return (app === null || app === execution.app) && (actionId === null || actionId === execution.actionId);
}

export function isSameScope(one: PauseScope, other: PauseScope): boolean {
  return one.app === other.app && one.actionId === other.actionId;
}

/** Describes a pause in one line. */
export function pauseNotice(pause: CountedPause): string {
  const { by, since, reason, queued } = pause;
  const why = reason === null ? '' : ` (${reason})`;
  return `sending of ${describeScope(pause)} by ${by} since ${isoTime(since)}${why}: ${queued} in the queue`;
}

/** Returns for example `action charge-card`, `app shop`, or `all executions`. */
export function describeScope({ app, actionId }: PauseScope): string {
  if (actionId !== null) return `action ${actionId}`;
  return app === null ? 'all executions' : `app ${app}`;
}
