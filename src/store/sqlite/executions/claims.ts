// Claims of what is due. Each has a time that its caller read before: when the clock is set in between, that time is of the old clock.

import type { Change } from '../../port.ts';
import { type Mutation, unchanged, type Writer } from '../group-commit.ts';

export type Claims = ReturnType<typeof createClaims>;

export function createClaims(writer: Pick<Writer<Change>, 'mutate'>) {
  let isMoving = false;
  let steps = 0;

  return {
    /** Changes what is due by the time of the caller. Resolves with `none` if due times have moved since: the caller asks again. */
    claim: <T>(none: T, work: () => Mutation<T, Change>): Promise<T> => {
      const asked = steps;
      // promise: claim-before-a-step-claims-nothing
      return writer.mutate(() => (isMoving || steps !== asked ? unchanged(none) : work()));
    },

    /** Moves due times in one commit. `begun` sets the clock of the callers, before the next one asks. */
    step: async (move: () => void, begun: () => void): Promise<void> => {
      try {
        await writer.mutate(() => {
          isMoving = true;
          return unchanged(move());
        });
        steps += 1;
        begun();
      } finally {
        isMoving = false;
      }
    },
  };
}
