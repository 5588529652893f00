// The terms of a process that shares its work with others: it is active, stands by for another one, and is active again.

import { type Log, reasonOf } from './log.ts';
import type { World } from './world.ts';

/** The interval at which a process that could not become active tries it again, in milliseconds. */
const AGAIN_MS = 1_000;

export interface TermsOptions<Term> {
  readonly world: Pick<World, 'sleep'>;
  readonly log: Log;
  /** Becomes active. */
  readonly begin: () => Promise<Term>;
  /** Returns whether an error of `begin` states that another process is active. */
  readonly isOthers: (error: unknown) => boolean;
  /** Resolves when no other process is active, or when the signal aborts; reports why this one is not active. */
  readonly vacancy: (signal: AbortSignal, report: (reason: string) => void) => Promise<void>;
  /** Called when a term has begun. */
  readonly began: (term: Term) => void;
  /** Resolves when another process has become active. */
  readonly replaced: (term: Term) => Promise<void>;
  /** Ends the work of a term that was replaced. */
  readonly end: (term: Term) => Promise<void>;
}

export interface Terms<Term> {
  /** The current term; null while this process stands by. */
  current(): Term | null;
  /** Why this process stands by, in words. */
  reason(): string;
  /** Follows the terms, from the first one on, until `last`. */
  follow(): void;
  /** Begins no further term. Resolves to the one that is still to be ended; null without one. */
  last(): Promise<Term | null>;
}

// One function because its parts share the current term.
/** Tries once to become active. @throws {Error} of `begin`, unless another process is active. */
export async function beginTerms<Term>(options: TermsOptions<Term>): Promise<Terms<Term>> {
  const { world, log, begin, began } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = new Promise<'stopped'>((resolve) => {
    signal.addEventListener('abort', () => resolve('stopped'));
  });
  let reason = '';
  let following = Promise.resolve();

  function report(why: string): void {
    if (why !== reason) log.info({ reason: why }, 'this receiver stands by');
    reason = why;
  }

  function whyOf(error: unknown): string {
    return options.isOthers(error) && error instanceof Error ? error.message : reasonOf(error);
  }

  async function first(): Promise<Term | null> {
    try {
      return await begin();
    } catch (error) {
      if (!options.isOthers(error)) throw error;
      report(whyOf(error));
      return null;
    }
  }

  async function next(): Promise<Term | null> {
    while (!signal.aborted) {
      await options.vacancy(signal, report);
      if (signal.aborted) break;
      try {
        return await begin();
      } catch (error) {
        report(whyOf(error));
      }
      await world.sleep(AGAIN_MS, signal);
    }
    return null;
  }

  async function endReplaced(term: Term): Promise<void> {
    reason = 'another receiver has become active';
    log.warn({ reason }, 'this receiver ends its work, and then stands by');
    try {
      await options.end(term);
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'the work of a replaced receiver did not end cleanly');
    }
  }

  let current = await first();

  async function follow(): Promise<void> {
    for (;;) {
      if (current !== null) {
        began(current);
        if ((await Promise.race([options.replaced(current), stopped])) === 'stopped') return;
        const ended = current;
        current = null;
        await endReplaced(ended);
      }
      current = await next();
      if (current === null || signal.aborted) return;
    }
  }

  return {
    current: () => current,
    reason: () => reason,
    follow: () => {
      following = follow();
    },
    last: async () => {
      stopping.abort();
      await following;
      return current;
    },
  };
}
