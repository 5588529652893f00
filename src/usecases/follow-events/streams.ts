// Verb: follow the audit trail from any entry on, without gap or repeat. So many streams may be open, and all end when the service stops.

import type { World } from '../../lib/world.ts';
import type { Store } from '../../store/port.ts';
import { createCommitWatch, type Subject } from './commit-watch.ts';
import { createStream, type Stream, type StreamOptions } from './stream.ts';

export interface StreamBounds {
  /** Streams of one reader: an app, or an operator. */
  readonly perReader: number;
  readonly total: number;
}

export const STREAM_BOUNDS: StreamBounds = { perReader: 100, total: 1_000 };

export interface FollowRequest extends Subject {
  /** Whose stream it is: what bounds count by. */
  readonly reader: string;
  /** The entry it goes on after; null to begin where it is natural: an execution's from its first entry, any other now. */
  readonly after: number | null;
  /** Called when the reader does not take what it was sent: the stream is closed, the connection is to be cut. */
  readonly cut: StreamOptions['cut'];
}

export type FollowResult = { readonly outcome: 'open'; readonly stream: Stream } | FollowRefusal;

export type FollowRefusal =
  /** There is no such entry yet. */
  | { readonly outcome: 'future'; readonly newest: number }
  /** What came next is no longer kept: only from `oldest` on nothing is missing. */
  | { readonly outcome: 'pruned'; readonly oldest: number }
  | { readonly outcome: 'too-many'; readonly bound: keyof StreamBounds; readonly limit: number }
  | { readonly outcome: 'stopping' };

export interface Streams {
  open(following: FollowRequest): Promise<FollowResult>;
  /** Ends all, now and from now on: the service is stopping. */
  release(): void;
  /** How many are open. */
  readonly size: number;
}

export function createStreams(
  store: Pick<Store, 'feed' | 'watch'>,
  world: Pick<World, 'sleep'>,
  bounds = STREAM_BOUNDS,
): Streams {
  const commits = createCommitWatch(store);
  const open = new Set<Stream>();
  const places = createPlaces(bounds);
  let released = false;

  async function begin({ reader, after, cut, ...subject }: FollowRequest, leave: () => void): Promise<FollowResult> {
    const { newest, prunedThrough } = await store.feed({ ...subject, after: after ?? 0, limit: 1 });
    if (released) return { outcome: 'stopping' };
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

  return {
    open: async (following) => {
      if (released) return { outcome: 'stopping' };
      const full = places.full(following.reader);
      if (full !== null) return { outcome: 'too-many', bound: full, limit: bounds[full] };
      // The place is taken before anything is waited for.
      const leave = places.take(following.reader);
      let begun: FollowResult | undefined;
      try {
        begun = await begin(following, leave);
        return begun;
      } finally {
        if (begun?.outcome !== 'open') leave();
      }
    },
    release: () => {
      released = true;
      for (const stream of open) stream.end();
    },
    get size() {
      return open.size;
    },
  };
}

interface Places {
  /** What stands in the way of one more for this reader; null when nothing does. */
  full(reader: string): keyof StreamBounds | null;
  /** Returns how to give the place back. */
  take(reader: string): () => void;
}

function createPlaces(bounds: StreamBounds): Places {
  const taken = new Map<string, number>();
  let total = 0;
  const add = (reader: string, change: number) => {
    const count = (taken.get(reader) ?? 0) + change;
    if (count === 0) taken.delete(reader);
    else taken.set(reader, count);
    total += change;
  };
  return {
    full: (reader) => {
      if ((taken.get(reader) ?? 0) >= bounds.perReader) return 'perReader';
      return total >= bounds.total ? 'total' : null;
    },
    take: (reader) => {
      add(reader, 1);
      return () => add(reader, -1);
    },
  };
}
