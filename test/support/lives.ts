// Executions of each fate in a store, at times that a test chooses, for the statistics and pages that read history.

import type { ExecutionEvent } from '../../src/execution/event.ts';
import type { Execution, Submission } from '../../src/execution/execution.ts';
import type { ExecutionIntake } from '../../src/store/intake-port.ts';
import type { ExecutionRecorder } from '../../src/store/port.ts';
import { anExecution, callback, completed, notFound, polled, RUNNING, submitted } from './executions.ts';

type Event = readonly [afterMs: number, event: ExecutionEvent];

export type Life =
  /** Resolved by a callback. */
  | 'callback'
  /** Found by a poll, without any callback. */
  | 'poll'
  /** Found by a poll, with a callback 2 s later. */
  | 'called-back-later'
  /** Resolved by a callback, and a poll in progress reported the same 300 ms later. */
  | 'polled-too'
  /** Timed out without any report. */
  | 'timeout'
  /** Timed out, with a callback a minute later. */
  | 'late'
  /** Lost by CXone. */
  | 'not-found'
  /** Timed out without an executionId to poll. */
  | 'nameless'
  /** Cancelled by its app while it ran. */
  | 'cancelled'
  /** An unverified callback caused a poll, and the poll resolved it. */
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

/** Stores the whole execution from `at` on; returns its last state. */
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
