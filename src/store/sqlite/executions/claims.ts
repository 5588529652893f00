// Times that a caller read before a step of the clock, and that reach the database after the times in it have moved.
//
// A claim then claims nothing, and its caller asks again. What must be written is written by the new clock.

import type { Change } from '../../port.ts';
import { type Mutation, unchanged, type Writer } from '../group-commit.ts';

export type Claims = ReturnType<typeof createClaims>;

export function createClaims(writer: Pick<Writer<Change>, 'mutate'>) {
  let isMoving = false;
  let steps = 0;
  /** By how much times have moved: those in the database, as this transaction leaves it, and those that callers read. Milliseconds. */
  let storedMs = 0;
  let readMs = 0;

  function undo(): void {
    isMoving = false;
    storedMs = readMs;
  }

  return {
    /** Changes what is due by the time of the caller. Resolves with `none` if due times have moved since: the caller asks again. */
    claim: <T>(none: T, work: () => Mutation<T, Change>): Promise<T> => {
      const asked = steps;
      // promise: claim-before-a-step-claims-nothing
      return writer.mutate(() => (isMoving || steps !== asked ? unchanged(none) : work()));
    },

    /**
     * To be called when the caller has just read its times. Returns a function that returns, within a transaction, by how much times in
     * the database have moved since.
     */
    movedSince: (): (() => number) => {
      const read = readMs;
      return () => storedMs - read;
    },

    /** Moves due times by `ms` in one commit. `begun` sets the clock of the callers, before the next one asks. */
    step: async (ms: number, move: () => void, begun: () => void): Promise<void> => {
      try {
        await writer.mutate(() => {
          isMoving = true;
          storedMs = readMs + ms;
          return unchanged(move());
        });
        steps += 1;
        readMs += ms;
        begun();
      } finally {
        undo();
      }
    },

    /** To be called when a transaction was rolled back. */
    undo,
  };
}
