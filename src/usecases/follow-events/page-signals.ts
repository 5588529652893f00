// Signals to open pages that something they show has changed: one per second at most, whatever the number of commits and pages.

import type { World } from '../../lib/world.ts';
import type { ChangeFeed, CommittedChange } from '../../store/port.ts';

/** The time from the first change to the signal that reports it and all changes in between. */
export const SIGNAL_MS = 1_000;
/** The longest time without a signal, by which a page knows that the receiver answers. */
export const ALIVE_MS = 5_000;
/** Interval of the signals to a page of activity, which the feed of changes does not include. */
const ACTIVITY_MS = 2_000;

export const PAGE_TOPICS = ['executions', 'notifications', 'activity'] as const;

/** What a page shows: a list, or one execution. */
export type PageSubject =
  | { readonly topic: (typeof PAGE_TOPICS)[number] }
  /** The correlation id of the execution. */
  | { readonly execution: string };

/** `alive`: nothing has changed. `end`: the receiver is stopping. */
export type PageSignal = 'changed' | 'alive' | 'end';

export type PageStream = ReturnType<typeof createPageStream>;

export function createPageSignals(store: ChangeFeed, world: Pick<World, 'sleep'>) {
  const pages = new Map<string, Set<() => void>>();
  const changed = new Set<string>();

  store.watch(noteAll);
  store.watchOthers(
    (changes) => {
      if (changes === null) for (const key of pages.keys()) noteTopic(key);
      else noteAll(changes);
    },
    () => false,
  );

  function noteAll(changes: readonly CommittedChange[]): void {
    if (pages.size > 0) for (const change of changes) note(change);
  }

  function note({ execution, outcome, notifyAt }: CommittedChange): void {
    noteTopic(outcome === 'notification' ? 'notifications' : 'executions');
    if (notifyAt !== undefined) noteTopic('notifications');
    noteTopic(`execution ${execution.correlationId}`);
  }

  function noteTopic(key: string): void {
    if (!pages.has(key)) return;
    if (changed.size === 0) void signalLater();
    changed.add(key);
  }

  async function signalLater(): Promise<void> {
    // promise: page-signals-are-coalesced
    await world.sleep(SIGNAL_MS);
    const keys = [...changed];
    changed.clear();
    for (const key of keys) for (const signal of pages.get(key) ?? []) signal();
  }

  function subscribe(key: string, signal: () => void): () => void {
    const peers = pages.get(key) ?? new Set();
    pages.set(key, peers.add(signal));
    return () => {
      peers.delete(signal);
      if (peers.size === 0) pages.delete(key);
    };
  }

  return {
    /** @param closed called once, when the stream is over. */
    open: (subject: PageSubject, closed: () => void): PageStream => {
      const isActivity = 'topic' in subject && subject.topic === 'activity';
      const key = 'topic' in subject ? subject.topic : `execution ${subject.execution}`;
      return createPageStream({
        sleep: world.sleep,
        subscribe: (signal) => subscribe(key, signal),
        ...(isActivity ? { everyMs: ACTIVITY_MS, periodic: 'changed' } : { everyMs: ALIVE_MS, periodic: 'alive' }),
        closed,
      });
    },
  };
}

interface PageStreamOptions {
  readonly sleep: World['sleep'];
  /** Returns a function that ends the subscription. */
  readonly subscribe: (signal: () => void) => () => void;
  readonly everyMs: number;
  /** The signal after each interval without another. */
  readonly periodic: PageSignal;
  readonly closed: () => void;
}

function createPageStream({ sleep, subscribe, everyMs, periodic, closed }: PageStreamOptions) {
  let isChanged = false;
  let isOpen = true;
  let asleep: AbortController | null = null;

  const unsubscribe = subscribe(() => {
    isChanged = true;
    asleep?.abort();
  });

  return {
    /** Resolves with the next signal. Changes between two calls are one signal. */
    next: async (): Promise<PageSignal> => {
      if (isOpen && !isChanged) {
        asleep = new AbortController();
        await sleep(everyMs, asleep.signal);
        asleep = null;
      }
      if (!isOpen) return 'end';
      const signal = isChanged ? 'changed' : periodic;
      isChanged = false;
      return signal;
    },
    /** Ends the stream: the next signal is `end`. */
    end: (): void => {
      if (!isOpen) return;
      isOpen = false;
      asleep?.abort();
      unsubscribe();
      closed();
    },
  };
}
