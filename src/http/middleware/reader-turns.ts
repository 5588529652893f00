// Bounds the searches of one key: few run at the same time, few wait for their turn, and further ones are refused.

import { problem } from '../response/problem.ts';

export interface TurnBounds {
  /** Searches of one key that run. More would only share the same slices of time. */
  readonly running: number;
  /** Searches of one key that wait. */
  readonly waiting: number;
}

const BOUNDS: TurnBounds = { running: 2, waiting: 10 };

const RETRY_SECONDS = 5;

export interface ReaderTurns {
  /**
   * Runs the work when fewer than the maximum run for this reader; first come, first served. Returns null without running it when
   * too many wait, or when the signal aborts before its turn.
   */
  run<T>(reader: string, work: () => Promise<T>, signal: AbortSignal): Promise<{ readonly value: T } | null>;
}

interface Turns {
  running: number;
  /** Each takes over the place of one that has ended. */
  readonly waiting: Set<() => void>;
}

export function createReaderTurns({ running, waiting } = BOUNDS): ReaderTurns {
  const ofReaders = new Map<string, Turns>();

  /** Returns false when the signal aborts first. */
  function turnIn({ waiting }: Turns, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const leave = () => {
        waiting.delete(begin);
        resolve(false);
      };
      const begin = () => {
        signal.removeEventListener('abort', leave);
        resolve(true);
      };
      waiting.add(begin);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  function end(reader: string, turns: Turns): void {
    const [next] = turns.waiting;
    if (next !== undefined) {
      turns.waiting.delete(next);
      next();
    } else turns.running -= 1;
    if (turns.running === 0) ofReaders.delete(reader);
  }

  return {
    run: async (reader, work, signal) => {
      if (signal.aborted) return null;
      const turns: Turns = ofReaders.get(reader) ?? { running: 0, waiting: new Set() };
      ofReaders.set(reader, turns);
      // promise: waiting-searches-are-bounded
      if (turns.running >= running && turns.waiting.size >= waiting) return null;
      // promise: searches-of-a-key-take-turns
      if (turns.running < running) turns.running += 1;
      else if (!(await turnIn(turns, signal))) return null;
      try {
        return { value: await work() };
      } finally {
        end(reader, turns);
      }
    },
  };
}

/** A search, or an action on what a search finds. */
export interface Searching {
  readonly text?: string | undefined;
  readonly reader: string;
  readonly signal: AbortSignal;
}

/** Responds to a request that searches by text when it is its turn, and to any other at once. */
export async function respondInTurn(
  turns: ReaderTurns,
  { text, reader, signal }: Searching,
  respondTo: () => Promise<Response>,
): Promise<Response> {
  // promise: bulk-searches-take-turns
  if (text === undefined) return respondTo();
  const turn = await turns.run(reader, respondTo, signal);
  return turn === null ? tooManySearches() : turn.value;
}

/** The response to a search without a turn. */
export const SEARCH_REFUSAL = {
  detail: `${BOUNDS.running} searches of this key run and ${BOUNDS.waiting} wait, and that is the limit. Send it again later.`,
  headers: { 'retry-after': String(RETRY_SECONDS) },
};

export function tooManySearches(): Response {
  return problem('too-many-searches', SEARCH_REFUSAL.detail, SEARCH_REFUSAL);
}
