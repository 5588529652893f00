// Writes what happened to executions to the log, each commit's entries once, at the level an operator would want.

import type { AuditEvent } from './execution/event.ts';
import type { Log } from './log.ts';
import type { Change } from './store/port.ts';
import { traceIdOf } from './tracing/trace-context.ts';

/** Whatever is not listed is the normal course of things, or the store's to tell: debug. */
const LEVELS: Partial<Record<AuditEvent, 'info' | 'warn'>> = {
  CALLBACK_MISMATCH: 'warn',
  CALLBACK_CONFLICT: 'warn',
  CALLBACK_UNREADABLE: 'warn',
  CALLBACK_LATE: 'info',
  POLL_TIMEOUT: 'info',
  QUEUE_TIMEOUT: 'info',
  POLL_404: 'info',
  CANCELLED: 'info',
  NOTIFICATION_DEAD: 'warn',
  NOTIFICATION_REPLAYED: 'info',
};

export function writeToLog(log: Log): (changes: readonly Change[]) => void {
  return (changes) => {
    for (const { execution, outcome, entry } of changes) {
      const { correlationId, actionId, app, status } = execution;
      const traceId = traceIdOf(execution.traceparent);
      const { event, httpStatus, latencyMs } = entry;
      log[LEVELS[event] ?? 'debug'](
        {
          event,
          correlationId,
          actionId,
          app,
          status,
          outcome,
          httpStatus,
          latencyMs,
          ...(traceId === null ? {} : { traceId }),
        },
        event,
      );
    }
  };
}
