// Rows of incidents and of their history, whose columns both stores name alike. Times are ISO 8601 text.

import type { Cause, Incident, IncidentEventType } from '../../incident/incident.ts';
import type { IncidentEvent } from '../incidents-port.ts';

export interface IncidentRow extends Pick<Incident, 'id' | 'subject' | 'problem' | 'affected' | 'total'> {
  readonly cause: string;
  readonly started_at: string;
  readonly last_seen_at: string;
  readonly ended_at: string | null;
  /** JSON. */
  readonly actions: string;
  readonly apps: string;
  readonly acknowledged_at: string | null;
  readonly acknowledged_by: string | null;
}

export interface IncidentEventRow {
  readonly at: string;
  readonly event: IncidentEventType;
  readonly by: string | null;
}

export function toIncident(row: IncidentRow): Incident {
  const { id, cause, subject, problem, affected, total } = row;
  return {
    ...{ id, cause: cause as Cause, subject, problem, affected, total },
    startedAt: Date.parse(row.started_at),
    lastSeenAt: Date.parse(row.last_seen_at),
    endedAt: timeOf(row.ended_at),
    actions: JSON.parse(row.actions),
    apps: JSON.parse(row.apps),
    acknowledgedAt: timeOf(row.acknowledged_at),
    acknowledgedBy: row.acknowledged_by,
  };
}

export function toEvent({ at, event, by }: IncidentEventRow): IncidentEvent {
  return { at: Date.parse(at), type: event, by };
}

function timeOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
