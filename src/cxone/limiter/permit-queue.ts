// Who waits for permits, and whose turn it is.

import type { Permit, RequestKind } from '../port.ts';

interface Waiter {
  /** As many permits as it can use. */
  readonly max: number;
  readonly granted: Permit[];
  readonly resolve: () => void;
}

type Turn = Exclude<RequestKind, 'spare'>;

const KINDS = ['execute', 'poll', 'spare'] as const;

/** Those who wait for permits: first come first served within a kind, executes and polls by turns, spare requests after them. */
export function createPermitQueue() {
  const lines: Record<RequestKind, Waiter[]> = { execute: [], poll: [], spare: [] };
  let turn: Turn = 'execute';
  const other = (kind: Turn): Turn => (kind === 'execute' ? 'poll' : 'execute');
  const hungry = (kind: RequestKind) => lines[kind].find((waiter) => waiter.granted.length < waiter.max);

  return {
    join: (kind: RequestKind, max: number, signal: AbortSignal, left: () => void): Promise<Permit[]> =>
      new Promise((resolve) => {
        const leave = () => {
          lines[kind] = lines[kind].filter((one) => one !== waiter);
          waiter.resolve();
          left();
        };
        const waiter: Waiter = {
          max,
          granted: [],
          resolve: () => {
            signal.removeEventListener('abort', leave);
            resolve(waiter.granted);
          },
        };
        signal.addEventListener('abort', leave);
        lines[kind].push(waiter);
      }),
    /** Whether anyone whose turn may come would take one more permit. */
    wanted: (): boolean => hungry('execute') !== undefined || hungry('poll') !== undefined,
    spareWanted: (): boolean => hungry('spare') !== undefined,
    giveSpare: (permit: Permit): void => {
      hungry('spare')?.granted.push(permit);
    },
    /** Gives a permit, which must be wanted, to whose turn it is. */
    give: (permit: Permit): void => {
      const kind = hungry(turn) === undefined ? other(turn) : turn;
      hungry(kind)?.granted.push(permit);
      turn = other(kind);
    },
    /** Lets everyone go who got something. */
    settle: (): void => {
      for (const kind of KINDS) {
        const served = lines[kind].filter((waiter) => waiter.granted.length > 0);
        if (served.length === 0) continue;
        lines[kind] = lines[kind].filter((waiter) => waiter.granted.length === 0);
        for (const waiter of served) waiter.resolve();
      }
    },
    size: () => lines.execute.length + lines.poll.length,
    spares: () => lines.spare.length,
    waiting: () => ({ execute: lines.execute.length, poll: lines.poll.length, spare: lines.spare.length }),
    clear: (): void => {
      const all = KINDS.flatMap((kind) => lines[kind].splice(0));
      for (const waiter of all) waiter.resolve();
    },
  };
}
