// The input of the checks: the current database, and the knowledge of the apps and CXone.

import type { Journal } from '../apps.ts';
import type { Said } from '../callback-bodies.ts';
import type { EntryRow, NotificationRow, Row } from '../database.ts';
import type { Settings } from '../history.ts';
import type { Call } from '../hook.ts';
import type { Truth } from '../truth.ts';

export interface State {
  readonly rows: ReadonlyMap<string, Row>;
  readonly trails: ReadonlyMap<string, readonly EntryRow[]>;
  readonly truth: Truth;
  readonly journal: Journal;
  /** In the order of their creation. */
  readonly notifications: readonly NotificationRow[];
  /** The notifications that the app received. */
  readonly calls: readonly Call[];
  /** The wall clock was set, so that times cannot be compared. */
  readonly clockWasSet: boolean;
  /** It was asked to stop, which ends waiting requests and refuses new ones. */
  readonly wasStopped: boolean;
  readonly settings: Settings;
  bodyOf(entryId: number): Uint8Array | undefined;
}

export function outcomeIn(row: Row): Said {
  return { status: row.status as Said['status'], result: parsed(row.result), error: parsed(row.error) };
}

export function lateResultIn(row: Row): Said | null {
  const late = parsed(row.late_result) as Said | null;
  return late === null ? null : { status: late.status, result: late.result, error: late.error };
}

export function detailOf(entry: EntryRow): Record<string, unknown> {
  return JSON.parse(entry.detail);
}

/** Number of events that the entries stand for. */
export function eventsIn(entries: readonly EntryRow[]): number {
  return entries.reduce((sum, entry) => sum + Number(detailOf(entry)['repeats'] ?? 1), 0);
}

/** Whether the entry stands for numerous repeats, of which only the last is described. */
export function isCount(entry: EntryRow): boolean {
  return detailOf(entry)['repeats'] !== undefined;
}

export function parsed(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
