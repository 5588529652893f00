// The terms in which this receiver leads, as its session finds them.

import type { Log } from '../../../lib/log.ts';

type Term = number | null;

export interface Terms {
  /** Null while another receiver leads. While the connection is replaced the term stays, unless another receiver led in between. */
  current(): Term;
  /** Calls the listener with each new term. Returns a function that stops the calls. */
  watch(listener: (term: Term) => void): () => void;
  /** Notes what the newest connection has found. */
  become(term: Term): void;
}

export function createTerms(log: Log): Terms {
  const listeners = new Set<(term: Term) => void>();
  let current: Term | undefined;
  return {
    current: () => current ?? null,
    watch: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    become: (term) => {
      if (term === current) return;
      current = term;
      if (term === null) log.info({}, 'this receiver serves and does not lead');
      else log.info({ term }, 'this receiver leads');
      for (const listener of listeners) listener(term);
    },
  };
}
