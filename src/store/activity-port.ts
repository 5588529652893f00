// The activity role of a store: one line for each action or bulk action of an operator, and for each reveal of hidden values.

import { isJsonObject, type JsonObject, parseJson } from '../execution/json.ts';
import { isoTime } from '../lib/time.ts';

export const ACTIVITY_ACTIONS = [
  'poll',
  'cancel',
  'erase',
  'hold',
  'release',
  'reread',
  'reveal',
  'replay',
  'reconcile',
  'lift-pause',
  'acknowledge',
  'pause',
  'resume',
  'resubmit',
  'pause-endpoint',
  'resume-endpoint',
  'probe-endpoint',
  'log-out',
] as const;

export type ActivityAction = (typeof ACTIVITY_ACTIONS)[number];

export const ACTIVITY_OUTCOMES = ['running', 'done', 'refused', 'failed'] as const;

/** `running` stays where the receiver stopped before the end: what was done until then is in the audit trail. */
export type ActivityOutcome = (typeof ACTIVITY_OUTCOMES)[number];

export interface NewActivity {
  /** As audit entries name the operator, for example `operator:alice`. */
  readonly by: string;
  readonly action: ActivityAction;
  /** The execution, notification, incident, endpoint or session that the action is about; null for a bulk action and for what is about all. */
  readonly target: string | null;
  /** The filter of a bulk action as JSON; null for any other action. */
  readonly filter: string | null;
  readonly reason: string | null;
  /** Milliseconds. */
  readonly startedAt: number;
}

export interface ActivityEnd {
  readonly outcome: Exclude<ActivityOutcome, 'running'>;
  /** Number of items that a bulk action matched and changed; null if it does not count them. */
  readonly matched: number | null;
  readonly changed: number | null;
  /** Milliseconds. */
  readonly endedAt: number;
}

export interface Activity extends NewActivity, Omit<ActivityEnd, 'outcome' | 'endedAt'> {
  /** In the order of the starts. */
  readonly id: number;
  readonly outcome: ActivityOutcome;
  readonly endedAt: number | null;
}

export interface ActivityQuery {
  readonly by?: string;
  readonly action?: ActivityAction;
  /** Started at or after, and before; milliseconds. */
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  /** Id of the line before which the page begins. */
  readonly before?: number;
  /** Id of the line at which the list ends, without it. */
  readonly after?: number;
}

export interface ActivityPage {
  /** Newest first. */
  readonly items: Activity[];
  /** `before` of the next page; null at the end. */
  readonly next: number | null;
}

export interface ActivityLog {
  /** Commits that an operator starts an action, before it has any effect. Returns its id. */
  beginActivity(activity: NewActivity): Promise<number>;
  /** Commits how the action ended. An end is never changed. */
  endActivity(id: number, end: ActivityEnd): Promise<void>;
  listActivity(query: ActivityQuery): Promise<ActivityPage>;
}

/** Names of operators have no colon: a text with one is the name as the audit trail has it. */
export function operatorNamed(name: string): string {
  return name.includes(':') ? name : `operator:${name}`;
}

/** Returns the filter of a bulk action by its members; null for any other action. */
export function filterOf({ filter }: Pick<Activity, 'filter'>): JsonObject | null {
  const parsed = filter === null ? null : parseJson(filter);
  return isJsonObject(parsed) ? parsed : null;
}

/** Returns a line as the API and the commands represent it. */
export function representActivity(activity: Activity) {
  const { startedAt, endedAt } = activity;
  return { ...activity, filter: filterOf(activity), startedAt: isoTime(startedAt), endedAt: isoTime(endedAt) };
}
