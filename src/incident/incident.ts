// What an incident is: one problem with one cause, from its first sign to its last. Pure.

import { isoTime } from '../lib/time.ts';

export type Severity = 'critical' | 'warning';

/** The causes, each named like its section of the runbook; the worst first. */
export const CAUSES = {
  ReceiverLoopStuck: 'critical',
  DiskNearlyFull: 'critical',
  CxoneFails: 'critical',
  CxoneGivesNoToken: 'critical',
  CallbacksStopped: 'critical',
  QueueNearlyFull: 'critical',
  QueueWaits: 'critical',
  ExecutionsTimeOut: 'critical',
  ReceiverDown: 'critical',
  SubmissionsRejected: 'warning',
  CallbacksMissed: 'warning',
  CallbacksRefused: 'warning',
  UnknownStatusWords: 'warning',
  CxoneLimitsUs: 'warning',
  NotifyEndpointDown: 'warning',
  IncidentWebhookDown: 'warning',
  DeadLetters: 'warning',
  CommitsSlow: 'warning',
  WalGrows: 'warning',
  ClockSet: 'warning',
} as const satisfies Readonly<Record<string, Severity>>;

export type Cause = keyof typeof CAUSES;

export const CAUSE_NAMES = Object.keys(CAUSES) as readonly Cause[];

export const INCIDENT_STATES = ['open', 'acknowledged', 'ended'] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** How much is affected, of how much: executions, unless the problem names something else. */
export interface Extent {
  readonly affected: number;
  /** Null: there is nothing to compare with. */
  readonly total: number | null;
}

/** Times in milliseconds since the Unix epoch. */
export interface Incident extends Extent {
  /** UUIDv7. */
  readonly id: string;
  readonly cause: Cause;
  /** Distinguishes incidents of one cause, for example by endpoint; empty where a cause has one incident only. */
  readonly subject: string;
  /** One sentence without its full stop. */
  readonly problem: string;
  /** The first sign. */
  readonly startedAt: number;
  /** The latest sign. */
  readonly lastSeenAt: number;
  /** Null: it has not ended. */
  readonly endedAt: number | null;
  readonly actions: readonly string[];
  readonly apps: readonly string[];
  readonly acknowledgedAt: number | null;
  readonly acknowledgedBy: string | null;
}

export const INCIDENT_EVENTS = ['opened', 'acknowledged', 'ended'] as const;
export type IncidentEventType = (typeof INCIDENT_EVENTS)[number];

export function stateOf({ endedAt, acknowledgedAt }: Pick<Incident, 'endedAt' | 'acknowledgedAt'>): IncidentState {
  if (endedAt !== null) return 'ended';
  return acknowledgedAt === null ? 'open' : 'acknowledged';
}

/** Identifies what at most one incident that has not ended is about. */
export function keyOf({ cause, subject }: Pick<Incident, 'cause' | 'subject'>): string {
  return `${cause} ${subject}`;
}

/** Sorts the worst first: what has not ended, by severity, what no operator has acknowledged, then the newest. */
export function worstFirst(one: Incident, other: Incident): number {
  const rank = (incident: Incident) => [
    Number(incident.endedAt !== null),
    Number(CAUSES[incident.cause] !== 'critical'),
    Number(incident.acknowledgedAt !== null),
    incident.endedAt === null ? CAUSE_NAMES.indexOf(incident.cause) : 0,
    -incident.startedAt,
  ];
  const [a, b] = [rank(one), rank(other)];
  return a.map((value, index) => value - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** The most executions that one incident counts. */
export const MAX_COUNTED = 10_000;

/** Returns for example `186 of 186` or `10,000+`; an empty text where nothing is counted. */
export function extentText({ affected, total }: Extent, format: (count: number) => string = String): string {
  const text = (count: number) => `${format(count)}${count === MAX_COUNTED ? '+' : ''}`;
  if (total === null) return affected === 0 ? '' : text(affected);
  return `${text(affected)} of ${text(total)}`;
}

const MAX_NAMES = 3;

/** Names what an incident affects: the first Data Actions, or else the apps, and how many more; an empty text for none. */
export function affectedText({ actions, apps }: Pick<Incident, 'actions' | 'apps'>): string {
  const names = actions.length > 0 ? actions : apps;
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return names.slice(0, MAX_NAMES).join(', ') + more;
}

export function representIncident(incident: Incident) {
  const { id, cause, subject, problem, affected, total, actions, apps, acknowledgedBy } = incident;
  return {
    id,
    cause,
    severity: CAUSES[cause],
    state: stateOf(incident),
    problem,
    subject: subject === '' ? null : subject,
    startedAt: isoTime(incident.startedAt),
    lastSeenAt: isoTime(incident.lastSeenAt),
    endedAt: isoTime(incident.endedAt),
    affected,
    total,
    actions: [...actions],
    apps: [...apps],
    acknowledgedAt: isoTime(incident.acknowledgedAt),
    acknowledgedBy,
    runbook: runbookOf(incident),
  };
}

/** Returns the body of the webhook: the event, and the incident as it is now. */
export function announcementBody({ type, at }: { type: IncidentEventType; at: number }, incident: Incident): string {
  return JSON.stringify({ type: `incident.${type}`, timestamp: isoTime(at), data: representIncident(incident) });
}

/** Returns the path of the part of the runbook. */
function runbookOf({ cause }: Pick<Incident, 'cause'>): string {
  return `docs/runbook.md#${cause.toLowerCase()}`;
}
