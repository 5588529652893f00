// Executions that lived a whole life in a store, at moments that a test chooses: what looks back is shown in tests.

import type { ExecutionEvent } from '../../src/execution/event.ts';
import type { Execution, Submission } from '../../src/execution/execution.ts';
import type { ExecutionIntake, ExecutionRecorder } from '../../src/store/port.ts';
import { anExecution, callback, completed, notFound, polled, RUNNING, submitted } from './executions.ts';

type Event = readonly [afterMs: number, event: ExecutionEvent];

export type Life =
  /** Called back. */
  | 'callback'
  /** Found by a poll; no callback ever came. */
  | 'poll'
  /** Found by a poll, and called back 2 s later. */
  | 'called-back-later'
  /** Called back, and a poll that was under way said the same 300 ms later. */
  | 'polled-too'
  /** Nobody told: timed out. */
  | 'timeout'
  /** Timed out, and called back a minute later. */
  | 'late'
  /** CXone lost it. */
  | 'not-found'
  /** Timed out, and CXone never gave a name to ask by. */
  | 'nameless'
  /** Given up by its app while it ran. */
  | 'cancelled'
  /** An unverified callback made the receiver ask, and the poll resolved it. */
  | 'hinted'
  /** Refused by CXone. */
  | 'refused'
  /** Still running. */
  | 'pending'
  /** Never sent. */
  | 'queued';

const SENT: readonly Event[] = [
  [10, { type: 'dispatched' }],
  [35, submitted()],
];
const TIMED_OUT: Event = [40_010, { type: 'expired', message: 'still running at the last poll' }];

const LIVES: { readonly [L in Life]: readonly Event[] } = {
  callback: [...SENT, [2_010, callback(completed())]],
  poll: [...SENT, [10_510, polled(completed())]],
  'called-back-later': [...SENT, [10_510, polled(completed())], [12_510, callback(completed())]],
  'polled-too': [...SENT, [10_510, callback(completed())], [10_810, polled(completed())]],
  timeout: [...SENT, [10_510, polled(RUNNING)], [20_010, polled(RUNNING)], TIMED_OUT],
  late: [...SENT, [10_510, polled(RUNNING)], TIMED_OUT, [100_010, callback(completed())]],
  'not-found': [...SENT, [5_510, notFound()], [10_510, notFound()]],
  nameless: [
    [10, { type: 'dispatched' }],
    [35, submitted({ executionId: null })],
    [40_010, { type: 'expired' }],
  ],
  cancelled: [...SENT, [5_010, { type: 'cancelled', by: 'app:shop' }]],
  hinted: [
    ...SENT,
    [2_010, { type: 'unverified-callback', executionId: null, report: completed() }],
    [2_110, polled(completed())],
  ],
  refused: [
    [10, { type: 'dispatched' }],
    [35, { type: 'refused', httpStatus: 400, latencyMs: 25, message: 'unknown action' }],
  ],
  pending: SENT,
  queued: [],
};

/** Lets it live from `at` on; returns how it stands in the end. */
export async function live(
  store: Pick<ExecutionIntake, 'add'> & ExecutionRecorder,
  life: Life,
  at: number,
  overrides: Partial<Submission> = {},
): Promise<Execution> {
  const execution = anExecution(overrides, at);
  await store.add({ execution, fingerprint: execution.correlationId, queueCapacity: 1e6 });
  let last: Execution = execution;
  for (const [after, event] of LIVES[life]) {
    const recorded = await store.record(execution.reference, event, at + after);
    if (recorded !== undefined) last = recorded.execution;
  }
  return last;
}
