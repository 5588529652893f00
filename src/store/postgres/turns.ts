// Runs pieces of work one after the other.

/** Runs work after all work before it has settled. */
type Turns = <T>(work: () => Promise<T>) => Promise<T>;

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}

/** The same for work that decides by a time of its caller. It gets the milliseconds by which the clock was set while it waited. */
export type ClockTurns = <T>(work: (setMs: number) => Promise<T>) => Promise<T>;

/** @param setMs returns by how much the clock was set until now */
export function createClockTurns(setMs: () => number): ClockTurns {
  const inTurn = createTurns();
  return (work) => {
    const asked = setMs();
    // promise: postgres/waiting-claim-follows-the-clock
    return inTurn(() => work(setMs() - asked));
  };
}
