// The terms in which this receiver leads, as its session finds them.

import type { Log } from '../../../lib/log.ts';

type Term = number | null;

export type Terms = ReturnType<typeof createTerms>;

export function createTerms(log: Log) {
  const listeners = new Set<(term: Term) => void>();
  let current: Term | undefined;
  return {
    /** Null while another receiver leads. While the connection is replaced the term stays, unless another receiver led in between. */
    current: (): Term => current ?? null,
    /** Calls the listener with each new term. Returns a function that stops the calls. */
    watch: (listener: (term: Term) => void): (() => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    /** Notes what the newest connection has found. */
    become: (term: Term): void => {
      if (term === current) return;
      current = term;
      if (term === null) log.info({}, 'this receiver serves and does not lead');
      else log.info({ term }, 'this receiver leads');
      for (const listener of listeners) listener(term);
    },
  };
}
