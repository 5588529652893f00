// Logs the audit entries of each commit once, at the level of their importance to operators.

import type { AuditEvent } from '../execution/event.ts';
import type { Facts, Log } from '../lib/log.ts';
import { createLogThrottle } from '../lib/log-throttle.ts';
import type { World } from '../lib/world.ts';
import type { Change } from '../store/port.ts';
import { traceIdOf } from './tracing/trace-context.ts';

/** All other events are logged at debug. */
const LEVELS: Partial<Record<AuditEvent, 'info' | 'warn'>> = {
  CALLBACK_MISMATCH: 'warn',
  CALLBACK_CONFLICT: 'warn',
  CALLBACK_UNREADABLE: 'warn',
  CALLBACK_LATE: 'info',
  POLL_TIMEOUT: 'info',
  QUEUE_TIMEOUT: 'info',
  POLL_404: 'info',
  POLL_MISMATCH: 'warn',
  CANCELLED: 'info',
  NOTIFICATION_DEAD: 'warn',
  NOTIFICATION_REPLAYED: 'info',
};

/** Unknown status words that one process logs, each once. */
const MAX_REPORTED_WORDS = 100;

/** Logs the first few of each event in ten seconds at its level, and counts the rest in one line; at debug, logs each. */
export function createExecutionLog(
  log: Log,
  world: Pick<World, 'elapsed' | 'sleep'>,
): (changes: readonly Change[]) => void {
  const pass = createLogThrottle(world, (event, more) => {
    log[LEVELS[event as AuditEvent] ?? 'info']({ event, more }, `${event}: more of them`);
  });
  const reported = new Set<string>();

  function warnOfContent(change: Change): void {
    const { unknownWord, ...unusable } = unusableParts(change);
    if (Object.keys(unusable).length > 0 && pass('unusable')) {
      log.warn({ ...factsOf(change), ...unusable }, 'CXone sent an id or address that cannot be used');
    }
    if (typeof unknownWord !== 'string' || reported.has(unknownWord) || reported.size >= MAX_REPORTED_WORDS) return;
    reported.add(unknownWord);
    log.warn({ ...factsOf(change), unknownWord }, 'a status word that the profile does not list counts as progress');
  }

  return (changes) => {
    for (const change of changes) {
      const { event } = change.entry;
      warnOfContent(change);
      const level = LEVELS[event];
      if (level !== undefined && pass(event)) log[level](factsOf(change), event);
      else log.debug(() => factsOf(change), event);
    }
  };
}

/** Parts of a response or callback that the profile or the receiver cannot use. */
function unusableParts({ entry: { detail } }: Change): Facts {
  const { unusableExecutionId, unusablePollUrl, unknownWord, word } = detail;
  return {
    ...(typeof unusableExecutionId === 'string' && { unusableExecutionId }),
    ...(typeof unusablePollUrl === 'string' && { unusablePollUrl }),
    ...(unknownWord === true && typeof word === 'string' && { unknownWord: word }),
  };
}

function factsOf({ execution, outcome, entry, requestId }: Change): Facts {
  const { correlationId, actionId, app, status } = execution;
  const traceId = traceIdOf(execution.traceparent);
  const { event, httpStatus, latencyMs } = entry;
  return {
    ...{ event, correlationId, actionId, app, status, outcome, httpStatus, latencyMs },
    ...(requestId === undefined ? {} : { requestId }),
    ...(traceId === null ? {} : { traceId }),
  };
}

/** More pairs of action and channel are not remembered, and not logged. */
const MAX_ACTIONS = 1_000;

/** Returns a listener of the store. The warning has the line of the profile that would read the members. */
export function createUnreadMemberWarning(log: Log): (changes: readonly Change[]) => void {
  const warned = new Set<string>();
  return (changes) => {
    for (const { execution, entry } of changes) {
      const { unread: members, profileLine } = entry.detail;
      if (members === undefined || warned.size >= MAX_ACTIONS) continue;
      const { actionId, correlationId } = execution;
      const key = `${entry.event.slice(0, 4)} ${actionId}`;
      if (warned.has(key)) continue;
      warned.add(key);
      log.warn(
        { actionId, correlationId, event: entry.event, members, profileLine },
        'CXone sends members that the profile does not read; their bodies are kept, and profileLine would read them',
      );
    }
  };
}
