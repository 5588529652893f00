// One event stream: remembers the last entry it sent and reads on from there on demand, so that nothing is buffered for it.

import type { AuditEntry } from '../../execution/event.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { World } from '../../lib/world.ts';
import type { AuditFeed } from '../../store/port.ts';
import type { CommitWatch, Subject } from './commit-watch.ts';

/** Interval of heartbeats on a stream without entries. */
export const HEARTBEAT_MS = 15_000;
/** A reader that takes nothing for this long is disconnected. */
export const STALL_MS = 60_000;
/** Time that the last write may take after the stream has ended. */
const FINAL_WRITE_MS = 1_000;

/** Entries read at a time. */
const ENTRIES_PER_READ = 100;

/** `through`: all entries for this reader up to this id have been sent; the reader may resume after it. */
export type StreamItem =
  | { readonly type: 'entries'; readonly entries: readonly AuditEntry[]; readonly through: number }
  | { readonly type: 'silence'; readonly through: number }
  /** The receiver is stopping, or the next entries have been pruned. */
  | { readonly type: 'end' };

export type Stream = ReturnType<typeof createStream>;

export interface StreamOptions {
  readonly store: Pick<AuditFeed, 'feed'>;
  readonly world: Pick<World, 'sleep'>;
  readonly commits: CommitWatch;
  readonly subject: Subject;
  readonly after: number;
  /** Called once, when the stream is over. */
  readonly closed: () => void;
  /** Called when the reader stalled, or did not read to the end. */
  readonly cut: (why: 'stalled' | 'ended') => void;
}

const END: StreamItem = { type: 'end' };

// One function because reading, waiting and ending share the state of one stream.
export function createStream({ store, world, commits, subject, after, closed, cut }: StreamOptions) {
  let position = after;
  let state: 'open' | 'ending' | 'closed' = 'open';
  /** Wakes a `next` that waits for entries. */
  let asleep: AbortController | null = null;
  /** Cancels the stall timer. */
  let untaken: AbortController | null = null;

  function close(): void {
    if (state === 'closed') return;
    state = 'closed';
    untaken?.abort();
    asleep?.abort();
    closed();
  }

  /** Disconnects the reader unless it calls `next`, or reads to the end, in time. */
  async function watchReader(): Promise<void> {
    untaken?.abort();
    if (state === 'closed') return;
    const why = state === 'open' ? 'stalled' : 'ended';
    const taken = new AbortController();
    untaken = taken;
    await world.sleep(why === 'stalled' ? STALL_MS : FINAL_WRITE_MS, taken.signal);
    if (taken.signal.aborted) return;
    close();
    // promise: stalled-reader-is-cut
    cut(why);
  }

  /** Returns null if there is nothing for this reader yet. */
  async function read(): Promise<StreamItem | null> {
    for (;;) {
      const feed = await store.feed({ ...subject, after: position, limit: ENTRIES_PER_READ });
      // The next entries may have been pruned, or the last ones lost by a promotion: the reader learns it when it reconnects.
      // promise: stream-of-lost-entries-ends
      if (state !== 'open' || feed.prunedThrough > position || feed.newest < position) return END;
      position = feed.through;
      if (feed.entries.length > 0) return { type: 'entries', entries: feed.entries, through: position };
      if (feed.through >= feed.newest) return null;
      await yieldToEventLoop();
    }
  }

  async function nextItem(): Promise<StreamItem> {
    while (state === 'open') {
      const waker = new AbortController();
      let quietThrough = 0;
      // Subscribe before reading, so that no commit is missed in between.
      const unsubscribe = commits.on(subject, (before) => {
        // promise: stream-misses-no-commit
        if (!waker.signal.aborted) quietThrough = before;
        waker.abort();
      });
      try {
        const item = await read();
        if (item !== null) return item;
        asleep = waker;
        await world.sleep(HEARTBEAT_MS, waker.signal);
      } finally {
        asleep = null;
        unsubscribe();
      }
      position = Math.max(position, waker.signal.aborted ? quietThrough : commits.newest);
      if (!waker.signal.aborted) return { type: 'silence', through: position };
    }
    return END;
  }

  void watchReader();

  return {
    /** The stream begins after this entry. */
    startsAfter: after,
    /** Resolves with the next item. Call it only when the reader is ready for more. */
    next: async (): Promise<StreamItem> => {
      untaken?.abort();
      try {
        const item = await nextItem();
        if (item.type === 'end' && state === 'open') state = 'ending';
        void watchReader();
        return item;
      } catch (error) {
        close();
        throw error;
      }
    },
    /** Ends the stream after the write that is under way. */
    end: (): void => {
      if (state !== 'open') return;
      state = 'ending';
      if (asleep) asleep.abort();
      else if (untaken && !untaken.signal.aborted) void watchReader();
    },
    /** Closes the stream at once: the reader is gone. */
    close,
  };
}
