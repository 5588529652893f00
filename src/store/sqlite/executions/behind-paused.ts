// Finds queued executions behind those of paused actions. A position for each lane remembers how far the paused ones reach, so that
// each of them is passed once, however many there are.

import type { Database } from 'better-sqlite3';
import type { Execution } from '../../../execution/execution.ts';
import type { QueueLane } from '../../shared/backlog.ts';

export type BehindPaused = ReturnType<typeof createBehindPaused>;

/** Each queued execution of the lane at or before this place of the index is one of a paused action. */
interface Position {
  readonly dispatchAt: number;
  readonly actionId: string;
}

/** Executions that one call reads, in about a millisecond. */
const MAX_READ = 2_000;

const START: Position = { dispatchAt: Number.MIN_SAFE_INTEGER, actionId: '' };

/** Reads the index alone, in its order. */
export const BEHIND_POSITION = `SELECT id, dispatch_at, action_id FROM execution_rows INDEXED BY execution_rows_to_dispatch
  WHERE app = ? AND priority = ? AND dispatch_at IS NOT NULL AND (dispatch_at, action_id) > (?, ?)
  ORDER BY dispatch_at, action_id LIMIT ?`;

type IndexRow = readonly [id: number, dispatchAt: number, actionId: string];

/** @param pausedActions returns those of the moment. */
export function createBehindPaused(client: Database, pausedActions: () => ReadonlySet<string>) {
  const behind = client.prepare<unknown[], IndexRow>(BEHIND_POSITION).raw();
  const positions = new Map<string, Position>();
  const keyOf = ({ app, priority }: QueueLane) => `${priority} ${app}`;

  /**
   * Yields the rows that are not paused, and moves the position over the paused ones before the first of them. Returns when the last
   * row was due, if more may follow; null at the end of the lane.
   */
  function* unpaused(lane: QueueLane): Generator<IndexRow, number | null, void> {
    const paused = pausedActions();
    const key = keyOf(lane);
    const from = positions.get(key) ?? START;
    let isPassing = true;
    let read = 0;
    let last: number | null = null;
    for (const row of behind.iterate(lane.app, lane.priority, from.dispatchAt, from.actionId, MAX_READ)) {
      const [, dispatchAt, actionId] = row;
      read += 1;
      last = dispatchAt;
      if (!paused.has(actionId)) {
        isPassing = false;
        yield row;
      } else if (isPassing) positions.set(key, { dispatchAt, actionId });
    }
    return read < MAX_READ ? null : last;
  }

  return {
    /**
     * Returns when the first execution of the lane that is not paused is due; null without one. If too many paused ones are before it,
     * returns when the last one that was read is due: the next call continues there.
     */
    next: (lane: QueueLane): number | null => {
      const rows = unpaused(lane);
      const first = rows.next();
      if (first.done) return first.value;
      rows.return(null);
      return first.value[1];
    },
    /** Returns the ids of up to `limit` due executions of the lane, the longest due first; fewer if many paused ones are among them. */
    due: (lane: QueueLane, limit: number, now: number): number[] => {
      const ids: number[] = [];
      for (const [id, dispatchAt] of unpaused(lane)) {
        if (dispatchAt > now || ids.length >= limit) break;
        ids.push(id);
      }
      return ids;
    },
    /** Notes an execution that was added or changed: it may be before the position of its lane. */
    update: (after: Execution): void => {
      const { actionId } = after;
      const key = keyOf(after);
      const position = positions.get(key);
      if (after.dispatchAt === null || position === undefined || pausedActions().has(actionId)) return;
      const dispatchAt = Math.trunc(after.dispatchAt);
      // promise: unpaused-execution-is-not-passed
      if (dispatchAt <= position.dispatchAt) positions.set(key, { dispatchAt, actionId: '' });
    },
    /** Starts again at the beginning of each lane. */
    reset: (): void => positions.clear(),
  };
}
