// Metrics of outcomes, counted from the audit trail of the store: every receiver on one store counts the same.

import { arrivalChannel } from '../../execution/arrival-channel.ts';
import { AUDIT_EVENTS, REPEATABLE_EVENTS } from '../../execution/event.ts';
import type { ResolvedBy, Status } from '../../execution/execution.ts';
import type { StatisticsEntry } from '../../store/statistics-port.ts';
import { type Instruments, LONG_SECONDS } from './instruments.ts';

const OUTCOMES: Readonly<Record<ResolvedBy, readonly Status[]>> = {
  callback: ['COMPLETED', 'FAILED'],
  poll: ['COMPLETED', 'FAILED', 'NOT_FOUND'],
  submit: ['COMPLETED', 'FAILED', 'REJECTED'],
  deadline: ['TIMEOUT'],
  cancel: ['CANCELLED'],
};

/** Channels of outcomes that a callback was expected to bring. */
const DETECTED = ['callback', 'poll', 'timeout'] as const;

/** Returns a function that counts one entry of the trail. */
export function createOutcomeMetrics(make: Instruments): (entry: StatisticsEntry) => void {
  const events = make.counter('audit_events_total', 'Audited events, by event; counted repeats are included', [
    'event',
  ]);
  const counted = make.counter('repeats_counted_total', 'Events that the trail counts instead of listing, by event', [
    'event',
  ]);
  const resolved = make.counter('executions_resolved_total', 'Executions that ended, by status and resolver', [
    'status',
    'resolved_by',
  ]);
  const detections = make.counter(
    'detections_total',
    'Executions sent to CXone that ended, by the way in which the outcome became known',
    ['way'],
  );
  const duration = make.durations(
    'execution_duration_seconds',
    'From submission to outcome, by resolver',
    ['resolved_by'],
    LONG_SECONDS,
  );
  const unnoticed = make.durations(
    'unnoticed_seconds',
    'Outcomes found by a poll: time since CXone was last known to run the execution, an upper bound of the time unnoticed',
    [],
    LONG_SECONDS,
  );
  const behind = make.durations(
    'callback_behind_poll_seconds',
    'Callbacks with a result that a poll had found before: their delay behind the poll',
    [],
    LONG_SECONDS,
  );

  // Series exist from the start, so that Prometheus sees the first event as an increase.
  for (const event of AUDIT_EVENTS) events.inc({ event }, 0);
  for (const event of REPEATABLE_EVENTS) counted.inc({ event }, 0);
  for (const way of DETECTED) detections.inc({ way }, 0);
  for (const [resolved_by, statuses] of Object.entries(OUTCOMES)) {
    for (const status of statuses) resolved.inc({ status, resolved_by }, 0);
  }

  return ({ event, repeats, timestamp, ended, repeated }) => {
    events.inc({ event }, repeats ?? 1);
    if (repeats !== null) counted.inc({ event }, repeats);
    if (event === 'CALLBACK_DUPLICATE' && repeated?.foundAt != null) behind.observe({}, timestamp - repeated.foundAt);
    if (ended === null) return;
    const resolved_by = ended.resolvedBy ?? 'deadline';
    resolved.inc({ status: ended.status, resolved_by });
    duration.observe({ resolved_by }, ended.totalMs);
    if (ended.unnoticedMs !== null) unnoticed.observe({}, ended.unnoticedMs);
    const channel = arrivalChannel(ended);
    if (channel !== null && channel !== 'submit') detections.inc({ way: channel });
  };
}
