// What commits tell: which entries were written, how executions ended, and how soon that was noticed.

import { AUDIT_EVENTS, type AuditEvent } from '../../execution/event.ts';
import { isTerminal, type ResolvedBy, type Status, totalLatencyMs } from '../../execution/execution.ts';
import type { Change } from '../../store/port.ts';
import { type Instruments, LONG_SECONDS, SHORT_SECONDS } from './instruments.ts';
import { createLastHour } from './last-hour.ts';
import { createWorkingSince } from './last-known-running.ts';

const ENDINGS: Readonly<Record<ResolvedBy, readonly Status[]>> = {
  callback: ['COMPLETED', 'FAILED'],
  poll: ['COMPLETED', 'FAILED', 'NOT_FOUND'],
  submit: ['COMPLETED', 'FAILED', 'REJECTED'],
  deadline: ['TIMEOUT'],
  cancel: ['CANCELLED'],
};

/** Which way the outcome of an execution that was sent came, if it was one of those that a callback was hoped for. */
type Way = 'callback' | 'poll' | 'timeout';
const WAYS: readonly Way[] = ['callback', 'poll', 'timeout'];

export interface Outcomes {
  count(changes: readonly Change[], now: number): void;
  /** A callback that brought the outcome: from its arrival to the commit, milliseconds. */
  heard(milliseconds: number): void;
}

export function createOutcomes(make: Instruments, now: () => number): Outcomes {
  const events = make.counter('audit_events_total', 'Audit entries written, by event', ['event']);
  const ended = make.counter(
    'executions_resolved_total',
    'Executions that ended, by status and by what resolved them',
    ['status', 'resolved_by'],
  );
  const detections = make.counter(
    'detections_total',
    'Executions sent to CXone that ended, by the way it became known',
    ['way'],
  );
  const duration = make.durations(
    'execution_duration_seconds',
    'From submission to outcome, by what resolved it',
    ['resolved_by'],
    LONG_SECONDS,
  );
  const lag = make.durations(
    'detection_lag_seconds',
    'From the arrival of the callback or answer that brought the outcome to its commit',
    ['resolved_by'],
    SHORT_SECONDS,
  );
  const unnoticed = make.durations(
    'unnoticed_seconds',
    'Outcomes found by a poll: since CXone was last known to be at work, so the longest they can have gone unnoticed',
    [],
    LONG_SECONDS,
  );
  const behind = make.durations(
    'callback_behind_poll_seconds',
    'Callbacks with a result that a poll had found before: how far they came behind it',
    [],
    LONG_SECONDS,
  );
  const hour = createLastHour(now);
  make.gauge(
    'missed_callback_ratio',
    'Of the outcomes of the last hour in this process, the share without a callback; NaN when there were none',
    hour.ratio,
  );
  const working = createWorkingSince();

  // From the start, so that the first of its kind is seen as an increase.
  for (const event of AUDIT_EVENTS) events.inc({ event }, 0);
  for (const way of WAYS) detections.inc({ way }, 0);
  for (const [resolved_by, statuses] of Object.entries(ENDINGS)) {
    for (const status of statuses) ended.inc({ status, resolved_by }, 0);
  }

  function end({ execution, entry }: Change, at: number): void {
    const { status, reference, resolvedAt, sentAt } = execution;
    const resolvedBy = execution.resolvedBy ?? 'deadline';
    ended.inc({ status, resolved_by: resolvedBy });
    duration.observe({ resolved_by: resolvedBy }, totalLatencyMs(execution) ?? 0);
    const way = wayOf(resolvedBy, sentAt !== null);
    if (way !== null) {
      detections.inc({ way });
      hour.add(way === 'callback');
    }
    const since = working.ended(reference);
    if (resolvedBy === 'poll' || resolvedBy === 'submit') {
      lag.observe({ resolved_by: resolvedBy }, at - (resolvedAt ?? at));
    }
    if (resolvedBy === 'poll' && since !== undefined) unnoticed.observe({}, entry.timestamp - since);
  }

  return {
    heard: (milliseconds) => lag.observe({ resolved_by: 'callback' }, milliseconds),
    count: (changes, at) => {
      for (const change of changes) {
        const { execution, outcome, entry } = change;
        events.inc({ event: entry.event });
        if (outcome === 'resolved' && isTerminal(execution.status)) end(change, at);
        else working.heard(change);
        if (isBehindPoll(change)) behind.observe({}, entry.timestamp - (execution.resolvedAt ?? entry.timestamp));
      }
    },
  };
}

/** What never was sent, or was answered or given up before a callback could come, says nothing of callbacks. */
function wayOf(resolvedBy: ResolvedBy, sent: boolean): Way | null {
  switch (resolvedBy) {
    case 'callback':
    case 'poll':
      return resolvedBy;
    case 'deadline':
      return sent ? 'timeout' : null;
    case 'submit':
    case 'cancel':
      return null;
    default:
      return resolvedBy satisfies never;
  }
}

function isBehindPoll({ execution, outcome, entry }: Change): boolean {
  const duplicate: AuditEvent = 'CALLBACK_DUPLICATE';
  return outcome === 'duplicate' && entry.event === duplicate && execution.resolvedBy === 'poll';
}
