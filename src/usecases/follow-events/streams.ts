// Use case: follow the audit trail from any entry, without gap or repeat, or follow what an open page shows. The number of open
// streams is bounded.

import type { World } from '../../lib/world.ts';
import type { AuditFeed, ChangeFeed } from '../../store/port.ts';
import { createCommitWatch, type Subject } from './commit-watch.ts';
import { createPageSignals, type PageStream, type PageSubject } from './page-signals.ts';
import { createStream, type Stream, type StreamOptions } from './stream.ts';

export interface StreamBounds {
  /** Streams of one reader: an app, or an operator. */
  readonly perReader: number;
  readonly total: number;
}

export const STREAM_BOUNDS: StreamBounds = { perReader: 100, total: 1_000 };

export interface FollowRequest extends Subject {
  /** Name of the reader, by which streams are counted. */
  readonly reader: string;
  /** Id of the last entry received; null starts an execution's stream at its first entry, and any other stream now. */
  readonly after: number | null;
  /** Called after the stream of a stalled reader is closed, to close the connection. */
  readonly cut: StreamOptions['cut'];
}

export type FollowResult = { readonly outcome: 'open'; readonly stream: Stream } | FollowRefusal;

export type FollowRefusal =
  /** There is no such entry yet. */
  | { readonly outcome: 'future'; readonly newest: number }
  /** The database was restored from an older copy, which ends before this entry; nothing is missing after `resumeAfter`. */
  | { readonly outcome: 'lost'; readonly resumeAfter: number }
  /** The next entries have been pruned; nothing is missing after `oldest`. */
  | { readonly outcome: 'pruned'; readonly oldest: number }
  | NoRoom;

/** Why no stream of any kind can be opened now. */
export type NoRoom =
  | { readonly outcome: 'too-many'; readonly bound: keyof StreamBounds; readonly limit: number }
  | { readonly outcome: 'stopping' };

export type Streams = ReturnType<typeof createStreams>;

export function createStreams(
  store: Pick<AuditFeed, 'feed'> & ChangeFeed,
  world: Pick<World, 'sleep'>,
  bounds = STREAM_BOUNDS,
) {
  const commits = createCommitWatch(store);
  const signals = createPageSignals(store, world);
  const open = new Set<Pick<Stream, 'end'>>();
  const slots = createSlots(bounds);
  let released = false;

  async function begin({ reader, after, cut, ...subject }: FollowRequest, leave: () => void): Promise<FollowResult> {
    const { newest, prunedThrough, gap } = await store.feed({ ...subject, after: after ?? 0, limit: 1 });
    if (released) return { outcome: 'stopping' };
    // promise: restored-stream-is-refused
    if (gap !== undefined) {
      return { outcome: 'lost', resumeAfter: Math.max(gap.after, prunedThrough) };
    }
    if (after !== null && after > newest) return { outcome: 'future', newest };
    if (after !== null && after < prunedThrough) return { outcome: 'pruned', oldest: prunedThrough };
    const start = after ?? (subject.correlationId === undefined ? newest : prunedThrough);
    const closed = () => {
      open.delete(stream);
      leave();
    };
    const stream = createStream({ store, world, commits, subject, after: start, closed, cut });
    open.add(stream);
    return { outcome: 'open', stream };
  }

  function refusalOf(reader: string): NoRoom | null {
    if (released) return { outcome: 'stopping' };
    const full = slots.full(reader);
    return full === null ? null : { outcome: 'too-many', bound: full, limit: bounds[full] };
  }

  return {
    open: async (following: FollowRequest): Promise<FollowResult> => {
      const refused = refusalOf(following.reader);
      if (refused !== null) return refused;
      // Take the slot before the first await.
      const leave = slots.take(following.reader);
      let begun: FollowResult | undefined;
      try {
        begun = await begin(following, leave);
        return begun;
      } finally {
        if (begun?.outcome !== 'open') leave();
      }
    },
    /** Opens a stream of signals that what a page shows has changed. It counts as any other stream of its reader. */
    openPage: (
      reader: string,
      subject: PageSubject,
    ): { readonly outcome: 'open'; readonly stream: PageStream } | NoRoom => {
      const refused = refusalOf(reader);
      if (refused !== null) return refused;
      const leave = slots.take(reader);
      const stream = signals.open(subject, () => {
        open.delete(stream);
        leave();
      });
      open.add(stream);
      return { outcome: 'open', stream };
    },
    /** Ends all current and future streams: the service is stopping. */
    release: (): void => {
      released = true;
      for (const stream of open) stream.end();
    },
    /** How many are open. */
    get size() {
      return open.size;
    },
  };
}

function createSlots(bounds: StreamBounds) {
  const taken = new Map<string, number>();
  let total = 0;
  const add = (reader: string, change: number) => {
    const count = (taken.get(reader) ?? 0) + change;
    if (count === 0) taken.delete(reader);
    else taken.set(reader, count);
    total += change;
  };
  return {
    /** Returns the bound that forbids another stream of this reader; null for none. */
    full: (reader: string): keyof StreamBounds | null => {
      if ((taken.get(reader) ?? 0) >= bounds.perReader) return 'perReader';
      return total >= bounds.total ? 'total' : null;
    },
    /** Takes a slot. Returns a function that frees it. */
    take: (reader: string): (() => void) => {
      add(reader, 1);
      return () => add(reader, -1);
    },
  };
}
