// Holds the queue of a restored backup: its executions may have been sent after the backup was made, so they are not sent again.

import type { Execution } from '../../execution/execution.ts';
import type { World } from '../../lib/world.ts';
import type { ExecutionReader, ExecutionRecorder } from '../port.ts';

const PAGE = 500;

const MESSAGE = 'restored from a backup: it may have been sent after the backup was made';

type Recorder = ExecutionReader & ExecutionRecorder;

/**
 * Executions that may be sent again (`retryUncertain`) stay queued while their queue timeout lasts. Returns the number of executions that
 * are held.
 */
export async function holdQueued(store: Recorder, world: Pick<World, 'now'>): Promise<number> {
  let held = 0;
  for (let before: string | null | undefined; before !== null; ) {
    const query = { app: null, status: 'QUEUED', limit: PAGE } as const;
    const page = await store.list({ ...query, ...(before === undefined ? {} : { before }) });
    const now = world.now();
    const isSentAgain = ({ retryUncertain, expireAt }: Execution) => retryUncertain && (expireAt ?? now) > now;
    const perhapsSent = page.items.filter((execution) => !isSentAgain(execution));
    await Promise.all(perhapsSent.map(({ reference }) => hold(store, reference, world.now())));
    held += perhapsSent.length;
    before = page.next;
  }
  return held;
}

/** Records a dispatch without a response: the callback can still resolve the execution, until its deadline. */
async function hold(store: ExecutionRecorder, reference: string, now: number): Promise<void> {
  // promise: held-execution-is-not-called-unsent
  await store.record(reference, { type: 'dispatched', wasPerhapsSent: true }, now);
  const unanswered = { httpStatus: 0, latencyMs: 0, message: MESSAGE } as const;
  await store.record(reference, { type: 'uncertain', ...unanswered, retryAt: null, giveUpAt: now }, now);
}
