// Incidents of executions and notifications: timeouts, rejections, a queue that waits or fills up, endpoints that fail. Pure.

import { MINUTE_MS } from '../lib/time.ts';
import { about, type Finding, NO_EXECUTIONS, type OpenIncidents, timesOf } from './finding.ts';
import type { EndSample, Signals } from './signals.ts';

const WINDOW_MS = 15 * MINUTE_MS;
const MIN_ENDS = 5;
const TIMEOUT_SHARE = 0.1;
const REJECTED_SHARE = 0.2;

const NEARLY_FULL = 0.8;
export const STILL_NEARLY_FULL = 0.6;
export const QUEUE_WAITS_MS = MINUTE_MS;
const WEBHOOK_FAILS_MS = MINUTE_MS;

/** @param hasCause whether an incident of CXone explains a queue that waits. */
export function outcomeFindings(signals: Signals, open: OpenIncidents, hasCause: boolean): Finding[] {
  return [
    ...ends(signals, open, 'timeout'),
    ...ends(signals, open, 'rejected'),
    ...queue(signals, open, hasCause),
    ...endpoints(signals),
    ...webhook(signals),
    ...deadLetters(signals),
  ];
}

const ENDS = {
  timeout: { cause: 'ExecutionsTimeOut', problem: 'Executions end without a result', share: TIMEOUT_SHARE },
  rejected: { cause: 'SubmissionsRejected', problem: 'CXone rejects submissions', share: REJECTED_SHARE },
} as const;

function ends({ now, samples }: Signals, open: OpenIncidents, kind: keyof typeof ENDS): Finding[] {
  const { cause, problem, share } = ENDS[kind];
  const isEnd = ({ end }: EndSample) => end === kind;
  const recent = samples.ends.filter(({ at }) => at > now - WINDOW_MS);
  const all = recent.filter(isEnd);
  // Of the actions that are affected, so that a busy one does not hide another.
  const actions = new Set(all.map(({ actionId }) => actionId));
  const own = recent.filter(({ actionId }) => actions.has(actionId));
  const isMany = all.length >= (open.has(`${cause} `) ? 1 : MIN_ENDS) && all.length / own.length >= share;
  const times = timesOf(all);
  if (!isMany || times === null) return [];
  const later = own.filter(({ at }) => at >= times.since);
  return [{ cause, subject: '', problem, ...times, ...about(all, later) }];
}

function queue(
  { now, heldUp, queue: { queued, capacity, oldestQueuedAt, waitedMs } }: Signals,
  open: OpenIncidents,
  hasCause: boolean,
) {
  const found: Finding[] = [];
  const { references, ...waiting } = about(heldUp, heldUp);
  const rest = { subject: '', until: now, actions: waiting.actions, apps: waiting.apps };
  if (queued >= capacity * (open.has('QueueNearlyFull ') ? STILL_NEARLY_FULL : NEARLY_FULL)) {
    const problem = 'The queue is nearly full: above its capacity, submissions are refused';
    found.push({ ...rest, cause: 'QueueNearlyFull', problem, since: now, affected: queued, total: capacity });
  }
  if (!hasCause && oldestQueuedAt !== null && waitedMs >= QUEUE_WAITS_MS) {
    const problem = 'Executions wait to be sent for more than a minute';
    const counted = { references, affected: Math.max(queued, waiting.affected), total: null };
    found.push({ ...rest, cause: 'QueueWaits', problem, since: oldestQueuedAt, ...counted });
  }
  return found;
}

function endpoints({ now, circuits }: Signals): Finding[] {
  return circuits.map(({ app, origin, failure, since, waiting }) => {
    const problem = `${origin} of ${app} takes no notifications: ${failure ?? 'unknown reason'}`;
    const found = { cause: 'NotifyEndpointDown', subject: `${app} ${origin}`, problem, since, until: now } as const;
    return { ...NO_EXECUTIONS, ...found, apps: [app], affected: waiting };
  });
}

function webhook({ now, webhookProblem }: Signals): Finding[] {
  // The clock may have been set back since.
  if (webhookProblem === null || Math.abs(now - webhookProblem.since) < WEBHOOK_FAILS_MS) return [];
  const problem = `The webhook for incidents accepts no events: ${webhookProblem.reason}`;
  return [{ ...NO_EXECUTIONS, cause: 'IncidentWebhookDown', problem, since: webhookProblem.since, until: now }];
}

function deadLetters({ samples: { dead } }: Signals): Finding[] {
  const times = timesOf(dead);
  if (times === null) return [];
  const found = { cause: 'DeadLetters', subject: '', problem: 'Notifications were given up' } as const;
  return [{ ...found, ...times, ...about(dead, dead), total: null }];
}
