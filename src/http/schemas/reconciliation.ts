// What is answered about a reconciliation with CXone.

import * as v from 'valibot';
import { OPEN_STATUSES, TERMINAL_STATUSES } from '../../execution/execution.ts';
import { MAX_DIFFERENCES } from '../../usecases/reconcile/report.ts';
import { count, NAME_TEXT, nullable, time } from './parts.ts';

const FINDINGS = ['same', 'late', 'resolved', 'conflict', 'running', 'gone', 'failed'] as const;

export const RECONCILIATION = v.object({
  id: v.pipe(
    v.string(),
    v.description('It stands in the audit entry of each poll, as `reconciliation` in its detail.'),
  ),
  by: v.pipe(v.string(), v.description('Who wanted it.')),
  from: time('Executions submitted then or later …'),
  to: time('… and earlier than that.'),
  actionId: nullable(NAME_TEXT, 'Of this Data Action alone; null: of all.'),
  app: nullable(v.string(), 'Of this app alone; null: of all.'),
  status: v.pipe(
    v.picklist(['RUNNING', 'ENDED', 'STOPPED']),
    v.description('STOPPED: it could not go on; start it again for the same period.'),
  ),
  reason: nullable(v.string(), 'Why it stopped.'),
  startedAt: time('When it began.'),
  endedAt: nullable(time(), 'When it ended.'),
  progress: v.pipe(
    v.number(),
    v.metadata({ minimum: 0, maximum: 1, description: 'How much of the period has been looked through.' }),
  ),
  counts: v.object({
    asked: count('How many CXone was asked about.'),
    same: count('CXone says what is known here.'),
    late: count('A result was found; it is kept as `lateResult`, and the app is told.'),
    resolved: count('An open execution has got its outcome.'),
    conflict: count('CXone gives another result than the one that had come meanwhile; it is in the audit trail.'),
    running: count('CXone is still at it.'),
    gone: count('CXone no longer knows it.'),
    failed: count('CXone gave no answer that can be used.'),
    unaskable: count('Sent, ended without a result, and CXone never gave an `executionId` to ask by.'),
  }),
  differs: v.pipe(
    v.array(
      v.object({
        correlationId: NAME_TEXT,
        status: v.pipe(v.picklist([...OPEN_STATUSES, ...TERMINAL_STATUSES]), v.description('As it stood here.')),
        finding: v.pipe(v.picklist(FINDINGS), v.description('As in `counts`.')),
        found: nullable(v.picklist(['COMPLETED', 'FAILED']), 'What CXone says, where it gives a result.'),
      }),
    ),
    v.description(
      `Those for which CXone says something else, in the order in which they were asked about: the first ${MAX_DIFFERENCES}. All are in the audit trail.`,
    ),
  ),
});

export type ReconciliationBody = v.InferOutput<typeof RECONCILIATION>;
