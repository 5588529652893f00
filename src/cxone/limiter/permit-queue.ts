// The queue for permits: execute and poll alternate, spare requests come last.

import type { Permit, RequestKind } from '../port.ts';

interface Waiter {
  /** Permits that it can use. */
  readonly max: number;
  readonly granted: Permit[];
  readonly resolve: () => void;
}

type Turn = Exclude<RequestKind, 'spare'>;

const KINDS = ['execute', 'poll', 'spare'] as const;

/** First come, first served within a kind; executes and polls alternate; spare requests follow them. */
export function createPermitQueue() {
  const lines: Record<RequestKind, Waiter[]> = { execute: [], poll: [], spare: [] };
  let turn: Turn = 'execute';
  const other = (kind: Turn): Turn => (kind === 'execute' ? 'poll' : 'execute');
  const wanting = (kind: RequestKind) => lines[kind].find((waiter) => waiter.granted.length < waiter.max);

  return {
    join: (kind: RequestKind, max: number, signal: AbortSignal, left: () => void): Promise<Permit[]> =>
      new Promise((resolve) => {
        const leave = () => {
          lines[kind] = lines[kind].filter((queued) => queued !== waiter);
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
    /** Returns whether an execute or poll would take one more permit. */
    wanted: (): boolean => wanting('execute') !== undefined || wanting('poll') !== undefined,
    spareWanted: (): boolean => wanting('spare') !== undefined,
    giveSpare: (permit: Permit): void => {
      wanting('spare')?.granted.push(permit);
    },
    /** Grants a permit, which must be wanted, to the kind that is next. */
    give: (permit: Permit): void => {
      const kind = wanting(turn) === undefined ? other(turn) : turn;
      wanting(kind)?.granted.push(permit);
      turn = other(kind);
    },
    /** Resolves all waiters that have a permit. */
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
