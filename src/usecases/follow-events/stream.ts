// One reader of the audit trail: remembers how far it was sent and reads on from there when it has room, so nothing is kept for it.

import type { AuditEntry } from '../../execution/event.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { World } from '../../lib/world.ts';
import type { Store } from '../../store/port.ts';
import type { CommitWatch, Subject } from './commit-watch.ts';

/** After so long without an entry the reader is told that all is well. */
export const HEARTBEAT_MS = 15_000;
/** A reader that takes nothing for so long is cut off: a connection that moves nothing is worth nothing. */
export const STALL_MS = 60_000;
/** When a stream has ended, what is still on its way to the reader may take so long. */
const FINAL_WRITE_MS = 1_000;

/** Entries read at a time. */
const ENTRIES_PER_READ = 100;

/** `through`: everything for this reader up to this entry was sent by now; it may resume after it. */
export type StreamItem =
  | { readonly type: 'entries'; readonly entries: readonly AuditEntry[]; readonly through: number }
  | { readonly type: 'silence'; readonly through: number }
  /** No more comes: the receiver is stopping, or what comes next was pruned. */
  | { readonly type: 'end' };

export interface Stream {
  /** It begins behind this entry. */
  readonly startsAfter: number;
  /** What comes next, as soon as there is anything to say. To be called when the reader has room, and then only. */
  next(): Promise<StreamItem>;
  /** Ends it after what is on its way. */
  end(): void;
  /** Gives it up at once: the reader is gone. */
  close(): void;
}

export interface StreamOptions {
  readonly store: Pick<Store, 'feed'>;
  readonly world: Pick<World, 'sleep'>;
  readonly commits: CommitWatch;
  readonly subject: Subject;
  readonly after: number;
  /** Called once, when it is over, however it ends. */
  readonly closed: () => void;
  /** Called when the reader took nothing for too long, or not even the end. */
  readonly cut: (why: 'stalled' | 'ended') => void;
}

const END: StreamItem = { type: 'end' };

export function createStream({ store, world, commits, subject, after, closed, cut }: StreamOptions): Stream {
  let position = after;
  let state: 'open' | 'ending' | 'closed' = 'open';
  /** Ends the sleep of a `next` that waits for entries. */
  let asleep: AbortController | null = null;
  /** Ends the waiting for the reader. */
  let untaken: AbortController | null = null;

  function close(): void {
    if (state === 'closed') return;
    state = 'closed';
    untaken?.abort();
    asleep?.abort();
    closed();
  }

  /** What it was given last is on its way: it must come for more, or have been told of the end, in time. */
  async function awaitReader(): Promise<void> {
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

  /** Null when there is nothing for this reader yet. */
  async function read(): Promise<StreamItem | null> {
    for (;;) {
      const feed = await store.feed({ ...subject, after: position, limit: ENTRIES_PER_READ });
      // What comes next may have been pruned: the reader is told when it comes back.
      if (state !== 'open' || feed.prunedThrough > position) return END;
      position = feed.through;
      if (feed.entries.length > 0) return { type: 'entries', entries: feed.entries, through: position };
      if (feed.through >= feed.newest) return null;
      // There is more to look through; others have their turn in between.
      await yieldToEventLoop();
    }
  }

  async function look(): Promise<StreamItem> {
    while (state === 'open') {
      const waker = new AbortController();
      let quietThrough = 0;
      // Listening begins before reading, so that no commit falls in between.
      const deafen = commits.on(subject, (before) => {
        // promise: stream-misses-no-commit
        if (!waker.signal.aborted) quietThrough = before;
        waker.abort();
      });
      try {
        const step = await read();
        if (step !== null) return step;
        asleep = waker;
        await world.sleep(HEARTBEAT_MS, waker.signal);
      } finally {
        asleep = null;
        deafen();
      }
      position = Math.max(position, waker.signal.aborted ? quietThrough : commits.newest);
      if (!waker.signal.aborted) return { type: 'silence', through: position };
    }
    return END;
  }

  void awaitReader();

  return {
    startsAfter: after,
    next: async () => {
      untaken?.abort();
      try {
        const step = await look();
        if (step.type === 'end' && state === 'open') state = 'ending';
        void awaitReader();
        return step;
      } catch (error) {
        close();
        throw error;
      }
    },
    end: () => {
      if (state !== 'open') return;
      state = 'ending';
      if (asleep) asleep.abort();
      else if (untaken && !untaken.signal.aborted) void awaitReader();
    },
    close,
  };
}
