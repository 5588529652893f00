// Compares the outcome of an execution with the expectation of its fate.

import { isDeepStrictEqual } from 'node:util';
import type { AuditEntry, Execution } from '../client/types.ts';
import type { CaseRecord } from '../simulator/ledger.ts';
import type { DemoCase } from './cases.ts';

export interface Observed {
  readonly execution: Execution;
  readonly trail: readonly Pick<AuditEntry, 'event'>[];
  /** The simulator's record; undefined if no request arrived. */
  readonly record: CaseRecord | undefined;
  /** Types of the notifications that the app accepted. */
  readonly notified: readonly string[];
}

/** Returns a description of each difference; empty if there is none. */
export function compare(
  { expect }: Pick<DemoCase, 'expect'>,
  { execution, trail, record, notified }: Observed,
): string[] {
  const differences: string[] = [];
  const check = (what: string, expected: unknown, got: unknown) => {
    if (expected !== undefined && !isDeepStrictEqual(expected, got)) {
      differences.push(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
    }
  };
  const answers = record?.callbacks.map(({ answer }) => answer) ?? [];
  const events = trail.map(({ event }) => event);
  check('status', expect.status, execution.status);
  check('resolvedBy', expect.resolvedBy, execution.resolvedBy);
  check('error.code', expect.errorCode, (execution.error as { code?: unknown } | null)?.code);
  check('lateResult.status', expect.lateResult, (execution.lateResult as { status?: unknown } | null)?.status);
  check('runs at CXone', expect.runs, record?.runs ?? 0);
  check('POSTs to CXone', expect.posts, record?.posts.length ?? 0);
  check('responses to callbacks', expect.callbackAnswers && [...expect.callbackAnswers], answers);
  if (expect.polls === 0) check('polls', 0, record?.polls.length ?? 0);
  if ((record?.polls.length ?? 0) < (expect.polls ?? 0)) differences.push(`polls: fewer than ${expect.polls}`);
  if (!isSubsequence(expect.audit, events) && !isSubsequence(overtaken(expect.audit), events)) {
    differences.push(`audit: expected ${expect.audit.join(' … ')} in ${events.join(', ')}`);
  }
  check('notifications', notificationsFor(execution), notified);
  const text = expect.resultContains ?? '';
  if (!JSON.stringify(execution.result).includes(text)) differences.push(`result: does not contain ${text}`);
  return differences;
}

/** Returns the notifications that the app must receive once each: the outcome, and a late result. */
function notificationsFor({ status, lateResult }: Execution): string[] {
  return [`execution.${status.toLowerCase()}`, ...(lateResult === null ? [] : ['execution.late_result'])];
}

/** Returns the events in the order of a callback that overtook the response to its submission, as on a busy machine. */
function overtaken(events: readonly string[]): readonly string[] {
  const at = events.indexOf('SUBMITTED');
  return at !== -1 && events[at + 1] === 'CALLBACK_COMPLETED'
    ? events.with(at, 'CALLBACK_COMPLETED').with(at + 1, 'SUBMITTED')
    : events;
}

function isSubsequence(wanted: readonly string[], all: readonly string[]): boolean {
  let from = 0;
  for (const event of wanted) {
    const at = all.indexOf(event, from);
    if (at === -1) return false;
    from = at + 1;
  }
  return true;
}
