// Follows the audit trail of the store for all statistics of a running receiver: history at the start, then whatever is committed.
// Entries that this process commits are taken from the commit; reading them back would cost more than the rest of the statistics.

import { yieldToEventLoop } from '../lib/event-loop.ts';
import type { Work } from '../lib/loop.ts';
import { HOUR_MS } from '../lib/time.ts';
import type { AuditFeed, Change, ChangeFeed } from '../store/port.ts';
import type { Statistics, StatisticsEntry } from '../store/statistics-port.ts';
import { entryOfChange } from './entry-of-change.ts';

/** History that is read at the start: the day that statistics show, and an hour by which a clock may have been set back. */
const HISTORY_MS = 25 * HOUR_MS;
const MAX_HISTORY = 300_000;
/** Entries per reading, and the pause between readings of history. */
const BATCH = 250;
const PAUSE_MS = 5;
const FOLLOW_EVERY_MS = 5_000;

export interface TrailFollower {
  /** Calls the listener for each entry, in order. `isNew` is false for history, that is, for entries from before the start. */
  follow(listener: (entry: StatisticsEntry, isNew: boolean) => void): void;
  /** Reads everything that is committed. Returns at once while history is still being read. */
  catchUp(): Promise<void>;
  /** True once history has been read. */
  complete(): boolean;
  /** The time of the first entry that is read, if the last day has more than a start reads; else null. */
  readonly countedFrom: number | null;
  /** For a loop. */
  readonly work: Work;
}

// One function because its parts share the position in the trail.
export async function followTrail(
  store: Pick<AuditFeed, 'head' | 'feed'> & ChangeFeed & Pick<Statistics, 'statisticsAfter'>,
  now: number,
  maxHistory = MAX_HISTORY,
): Promise<TrailFollower> {
  const listeners: ((entry: StatisticsEntry, isNew: boolean) => void)[] = [];
  const { id: startId } = await store.head();
  const { after, countedFrom } = await historyStart(store, { newest: startId, since: now - HISTORY_MS, maxHistory });
  let through = after;
  let complete = false;
  let reading: Promise<boolean> | null = null;
  /** Whether other receivers commit, too. */
  let isShared = false;

  function deliver(entry: StatisticsEntry): void {
    for (const listener of listeners) listener(entry, entry.id > startId);
  }

  async function readBatch(): Promise<boolean> {
    const page = await store.statisticsAfter(through, BATCH);
    page.entries.forEach(deliver);
    through = page.through;
    complete ||= page.atEnd;
    return page.atEnd;
  }

  /** Callers share one reading, so that no entry is counted twice. */
  function readOnce(): Promise<boolean> {
    // promise: trail-is-read-once
    reading ??= readBatch().finally(() => {
      reading = null;
    });
    return reading;
  }

  async function catchUp(): Promise<void> {
    // A reading that was under way may have begun before the newest commit.
    await reading;
    while (!(await readOnce())) await yieldToEventLoop();
  }

  /** Takes the changes that directly follow what is delivered; the next reading has all others. */
  function take(changes: readonly Change[]): void {
    for (const change of changes) {
      if (!complete || reading !== null) return;
      if (change.isCounted !== true && !takeEntry(change)) return;
    }
  }

  /** Returns whether the entry is delivered. */
  function takeEntry(change: Change): boolean {
    // promise: trail-is-taken-in-order
    const isNext = change.entry.id === through + 1;
    const entry = isNext ? entryOfChange(change) : null;
    if (entry !== null) {
      through = entry.id;
      deliver(entry);
      return true;
    }
    // The loop reports a failure, because it reads the same again. It also reads what others commit: a reading for each change of
    // this receiver in between would cost more.
    if (isNext || !isShared) void readOnce().catch(() => {});
    return false;
  }

  store.watch(take);
  store.watchOthers(
    () => {
      isShared = true;
    },
    () => false,
  );

  return {
    follow: (listener) => {
      listeners.push(listener);
    },
    catchUp: async () => {
      if (complete) await catchUp();
    },
    complete: () => complete,
    countedFrom,
    work: async () => {
      if (complete) await catchUp();
      else if (!(await readOnce())) return PAUSE_MS;
      return FOLLOW_EVERY_MS;
    },
  };
}

interface HistoryBounds {
  /** Id of the newest entry. */
  readonly newest: number;
  /** Entries of before this time are not read. */
  readonly since: number;
  readonly maxHistory: number;
}

/** Returns the id behind which history begins, and the time of its first entry if older ones are left out for their number. */
async function historyStart(store: Pick<AuditFeed, 'feed'>, { newest, since, maxHistory }: HistoryBounds) {
  const low = await earliestStart(store, newest, maxHistory);
  const after = await entryBefore(store, { low, high: newest }, since);
  const { entries, prunedThrough } = await store.feed({ after, app: null, limit: 1 });
  const isCut = after === low && low > prunedThrough;
  return { after, countedFrom: isCut ? (entries[0]?.timestamp ?? null) : null };
}

/** Ids that a restore skipped are not history. */
async function earliestStart(store: Pick<AuditFeed, 'feed'>, newest: number, maxHistory: number): Promise<number> {
  const start = Math.max(0, newest - maxHistory);
  const { gap } = await store.feed({ after: start, app: null, limit: 1 });
  if (gap === undefined) return start;
  const behind = newest - gap.next + 1;
  return Math.max(0, gap.after - Math.max(0, maxHistory - behind));
}

/** Returns the highest id between the two whose next entry is not older than `time`, by binary search; `high` when all are older. */
async function entryBefore(
  store: Pick<AuditFeed, 'feed'>,
  { low, high }: { readonly low: number; readonly high: number },
  time: number,
): Promise<number> {
  let [after, end] = [low, high];
  while (after < end) {
    const middle = Math.floor((after + end) / 2);
    const {
      entries: [next],
    } = await store.feed({ after: middle, app: null, limit: 1 });
    if (next === undefined || next.timestamp >= time) end = middle;
    else after = next.id;
  }
  return after;
}
