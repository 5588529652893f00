// Wakes event streams when a commit has entries for their subject.

import type { ChangeFeed, CommittedChange } from '../../store/port.ts';

/** Entries that a stream follows: of all apps (`app` null), of one app, or of one execution. */
export interface Subject {
  readonly app: string | null;
  readonly correlationId?: string;
}

/** @param quietThrough no entry up to this id has concerned the subject since the subscription */
type Wake = (quietThrough: number) => void;

export type CommitWatch = ReturnType<typeof createCommitWatch>;

const EVERYTHING = 'all';

export function createCommitWatch(store: ChangeFeed) {
  const waiting = new Map<string, Set<Wake>>();
  let newest = 0;

  store.watch(take);
  store.watchOthers(
    (changes) => (changes === null ? wakeAll(waiting.keys()) : take(changes)),
    () => waiting.size > 0,
  );

  function take(changes: readonly CommittedChange[]): void {
    const entries = changes.filter(({ isCounted }) => isCounted !== true).map(({ entry }) => entry);
    const [first, last] = [entries[0], entries.at(-1)];
    if (first === undefined || last === undefined) return;
    // After a gap in the ids, the missing entries may concern any subject.
    if (waiting.size > 0) wakeAll(first.id === newest + 1 ? concernedBy(entries) : waiting.keys());
    newest = last.id;
  }

  function wakeAll(keys: Iterable<string>): void {
    for (const key of keys) for (const wake of waiting.get(key) ?? []) wake(newest);
  }

  return {
    /** Calls `wake` after each commit with entries for the subject, until the returned function is called. */
    on: (subject: Subject, wake: Wake): (() => void) => {
      const key = keyOf(subject);
      const peers = waiting.get(key) ?? new Set();
      waiting.set(key, peers.add(wake));
      return () => {
        peers.delete(wake);
        if (peers.size === 0) waiting.delete(key);
      };
    },
    /** Id of the newest entry seen; 0 before the first. */
    get newest() {
      return newest;
    },
  };
}

function concernedBy(entries: readonly CommittedChange['entry'][]): Set<string> {
  const keys = new Set([EVERYTHING]);
  for (const { app, correlationId } of entries) {
    keys.add(keyOf({ app }));
    keys.add(keyOf({ app, correlationId }));
  }
  return keys;
}

function keyOf({ app, correlationId }: Subject): string {
  if (correlationId !== undefined) return `execution ${correlationId}`;
  return app === null ? EVERYTHING : `app ${app}`;
}
