// Calls the listeners of the store after the responses to the requests of a commit: to a lone callback they cost a third of its SQL.

import type { Afterwards } from '../lib/afterwards.ts';
import type { ChangeFeed } from '../store/port.ts';

/** Returns a store whose listeners, in the same order, no response waits for. */
export function withListenersAfterResponses<S extends ChangeFeed>(store: S, { run }: Afterwards): S {
  const later =
    <T, More extends unknown[]>(watch: (listener: (changes: T) => void, ...more: More) => () => void): typeof watch =>
    (listener, ...more) => {
      let isWatching = true;
      const end = watch(
        (changes) => {
          run(() => {
            if (isWatching) listener(changes);
          });
        },
        ...more,
      );
      return () => {
        isWatching = false;
        end();
      };
    };
  return { ...store, watch: later(store.watch), watchOthers: later(store.watchOthers) };
}
