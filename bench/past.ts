// Databases with a past: executions of several actions that ended over seven days, written in bulk with the receiver's own
// transitions, rows, chain and roll-ups.

import { setImmediate as turn } from 'node:timers/promises';
import type { ExecutionEvent } from '../src/execution/event.ts';
import { type Dispatchable, newExecution } from '../src/execution/execution.ts';
import { transition } from '../src/execution/transition.ts';
import { timeOrderedIds } from '../src/lib/world.ts';
import { createAuditTrail } from '../src/store/sqlite/audit/append.ts';
import { createRepeats } from '../src/store/sqlite/audit/repeats.ts';
import { type OpenDatabase, openDatabase } from '../src/store/sqlite/file/open.ts';
import { createRollupCounts } from '../src/store/sqlite/rollups/count.ts';
import { prepareStatements } from '../src/store/sqlite/statements.ts';
import { acceptedAs, FINGERPRINT, fillDatabase, submissionOf, TAKEN } from './prepared.ts';

export const PAST_MS = 7 * 24 * 3_600_000;
const ACTIONS = ['look-up-customer', 'charge', 'refund', 'send-invoice'];
/** Executions whose roll-ups are counted in one transaction. */
const SLICE = 5_000;
const APPS = ['shop', 'crm'];

/** Writes a database with this many executions that ended before `until`, to `path`, where no file may exist. */
export async function writePast(path: string, count: number, until: number, signal?: AbortSignal): Promise<void> {
  await fillDatabase(path, count, (database) => writerOf(database, until - PAST_MS, PAST_MS / count), signal);
  const { client, close } = openDatabase(path);
  try {
    // As the first start of a receiver does, which needs the indexes.
    const rollups = createRollupCounts(client);
    for (let isComplete = false; !isComplete; ) {
      client.exec('BEGIN IMMEDIATE');
      isComplete = rollups.countHistory(SLICE).countedFrom === 0;
      rollups.flush();
      client.exec('COMMIT');
      await turn();
      signal?.throwIfAborted();
    }
  } finally {
    close();
  }
}

export function executionIdOf(number: number): string {
  return `cx-${number.toString(36).padStart(10, '0')}`;
}

/** Writes the execution with this number and its audit trail. */
function writerOf({ client }: OpenDatabase, begin: number, stepMs: number): (i: number) => void {
  const sql = prepareStatements(client);
  const trail = createAuditTrail(sql, createRepeats(client, sql.rows));
  trail.reload();
  const id = timeOrderedIds(() => new Uint8Array(16));
  return (i) => {
    const now = Math.floor(begin + i * stepMs);
    const execution = executionOf(id(now), now, i);
    let row = sql.insert(execution, FINGERPRINT);
    trail.append(row, acceptedAs(execution), now);
    for (const [afterMs, event] of courseOf(i)) {
      const changed = transition(row.execution, event, now + afterMs);
      row = sql.save(row, changed.execution);
      const detail = changed.outcome === 'resolved' ? { ...changed.entry.detail, outcomeSha256: FINGERPRINT } : {};
      trail.append(row, { ...changed.entry, detail }, now + afterMs);
    }
  };
}

/** Of 100 executions, 90 are called back after up to 20 s, 8 are found by a poll, and 2 time out. */
function courseOf(i: number): readonly (readonly [afterMs: number, event: ExecutionEvent])[] {
  const sent = [[5, { type: 'dispatched' }] as const, [45, { ...TAKEN, executionId: executionIdOf(i) }] as const];
  const kind = i % 100;
  // Steps by a prime spread the durations evenly, most of them short.
  const durationMs = Math.floor(200 + 20_000 * (((i * 7_919) % 10_007) / 10_007) ** 3);
  if (kind < 90) return [...sent, [durationMs, { type: 'callback', executionId: null, report: DONE }]];
  if (kind < 98) return [...sent, [12_000, POLLED]];
  return [...sent, [40_005, { type: 'expired' }]];
}

export const DONE = { kind: 'completed', statusWord: 'COMPLETED', result: { found: true }, error: null } as const;
export const POLLED = {
  type: 'polled',
  httpStatus: 200,
  latencyMs: 40,
  report: DONE,
  nextPollAt: 0,
  final: false,
} as const;

function executionOf(reference: string, now: number, i: number): Dispatchable {
  const submission = {
    ...submissionOf(reference, 10),
    app: APPS[i % APPS.length] ?? '',
    actionId: ACTIONS[i % ACTIONS.length] ?? '',
  };
  return newExecution(submission, reference, now, now + 300_000);
}
