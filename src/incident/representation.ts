// Incidents as JSON, for the API and for the operators' webhook.

import { isoTime } from '../lib/time.ts';
import { CAUSES, type Incident, type IncidentEventType, stateOf } from './incident.ts';

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
