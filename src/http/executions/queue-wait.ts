// Why a queued execution has not been sent, and its position in the queue of its app.

import type { Execution } from '../../execution/execution.ts';
import { isoTime } from '../../lib/time.ts';
import { holdsBack, type SendingPause } from '../../store/pauses-port.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { Identity } from '../middleware/identity.ts';

/** Executions before one are counted up to this number. */
export const MAX_BEFORE = 10_000;

export const QUEUE_REASONS = ['paused', 'cxone-pause', 'no-token', 'no-connection', 'retry', 'limits'] as const;

export interface QueueWait {
  /** Executions of its app that are sent before it, up to `MAX_BEFORE`. */
  readonly before: number;
  readonly reason: (typeof QUEUE_REASONS)[number];
  /** When the cause began, and when it ends, milliseconds; null where that is not known. */
  readonly since: number | null;
  readonly until: number | null;
  /** What CXone or the network states of the cause. */
  readonly detail: string | null;
  /** The pauses of administrators that hold it back. */
  readonly pauses: readonly SendingPause[];
}

type Dependencies = {
  readonly store: Pick<HttpDependencies['store'], 'queuedBefore' | 'sendingPauses'>;
  readonly controls: Pick<HttpDependencies['controls'], 'state'>;
  readonly runtime: Pick<HttpDependencies['runtime'], 'world'>;
};

/** Returns a function that states what a queued execution waits for; null for any other execution. */
export function createQueueWaits({ store, controls, runtime: { world } }: Dependencies) {
  return async (execution: Execution): Promise<QueueWait | null> => {
    const { status, dispatchAt } = execution;
    if (status !== 'QUEUED' || dispatchAt === null) return null;
    const before = await store.queuedBefore(execution, MAX_BEFORE);
    const pauses = (await store.sendingPauses()).filter((pause) => holdsBack(pause, execution));
    return { before, pauses, ...(await causeOf(execution, pauses, dispatchAt)) };
  };

  async function causeOf(
    { attempts, submittedAt }: Execution,
    pauses: readonly SendingPause[],
    dispatchAt: number,
  ): Promise<Cause> {
    const now = world.now();
    const { pausedUntil, tokenProblem, connectionProblems } = (await controls.state()).upstream;
    const [pause] = pauses;
    if (pause !== undefined) return { ...UNKNOWN, reason: 'paused', since: Math.max(pause.since, submittedAt) };
    if (pausedUntil > now) return { ...UNKNOWN, reason: 'cxone-pause', until: pausedUntil };
    if (tokenProblem !== null) {
      return { ...UNKNOWN, reason: 'no-token', since: tokenProblem.since, detail: tokenProblem.reason };
    }
    const [problem] = connectionProblems;
    if (problem !== undefined) {
      const detail = `${problem.origin}: ${problem.reason}`;
      return { ...UNKNOWN, reason: 'no-connection', since: problem.since, detail };
    }
    if (attempts > 0 && dispatchAt > now) return { ...UNKNOWN, reason: 'retry', until: dispatchAt };
    return { ...UNKNOWN, reason: 'limits', until: dispatchAt > now ? dispatchAt : null };
  }
}

type Cause = Omit<QueueWait, 'before' | 'pauses'>;

const UNKNOWN = { since: null, until: null, detail: null } as const;

/** Represents it. What the network states of CXone's addresses, and who paused sending, is not for apps. */
export function representQueueWait({ before, reason, since, until, detail }: QueueWait, kind: Identity['kind']) {
  const shown = kind === 'operator' ? detail : null;
  return { position: before + 1, reason, since: isoTime(since), until: isoTime(until), detail: shown };
}
