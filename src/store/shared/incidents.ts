// Reads incidents, their history and the executions they count, from tables that both databases have alike: times are ISO 8601 text.

import { CAUSES, type Incident, type IncidentEventType, worstFirst } from '../../incident/incident.ts';
import { fromIso, isoTime } from '../../lib/time.ts';
import type { Acknowledgement, IncidentEvent, Incidents } from '../incidents-port.ts';
import { conditions } from './conditions.ts';
import type { Reads } from './reads.ts';

export interface IncidentRow extends Pick<Incident, 'id' | 'cause' | 'subject' | 'problem' | 'affected' | 'total'> {
  readonly started_at: string;
  readonly last_seen_at: string;
  readonly ended_at: string | null;
  /** JSON. */
  readonly actions: string;
  readonly apps: string;
  readonly acknowledged_at: string | null;
  readonly acknowledged_by: string | null;
}

interface EventRow {
  readonly at: string;
  readonly event: IncidentEventType;
  readonly by: string | null;
}

interface DueRow extends IncidentRow, EventRow {
  readonly event_id: number;
  readonly attempts: number;
  readonly give_up_at: string;
}

const COLUMNS =
  'id, cause, subject, severity, problem, started_at, last_seen_at, ended_at, affected, total, actions, apps';

/** Inserts incidents, or what has changed of them: an acknowledgement that was stored meanwhile stays. @param source their values */
export const saveFrom = (source: string): string => `INSERT INTO incidents (${COLUMNS}) ${source}
  ON CONFLICT (id) DO UPDATE SET problem = excluded.problem, started_at = excluded.started_at, last_seen_at = excluded.last_seen_at,
    ended_at = excluded.ended_at, affected = excluded.affected, total = excluded.total, actions = excluded.actions, apps = excluded.apps`;

/** The events of an incident are announced one after the other: its end does not overtake its beginning. */
const DUE = `SELECT e.id AS event_id, e.at, e.event, e.by, d.attempts, d.give_up_at, i.*
  FROM incident_deliveries AS d JOIN incident_events AS e ON e.id = d.event JOIN incidents AS i ON i.id = e.incident
  WHERE d.due_at <= $1 AND NOT EXISTS (
    SELECT 1 FROM incident_events AS earlier JOIN incident_deliveries AS waiting ON waiting.event = earlier.id
    WHERE earlier.incident = e.incident AND earlier.id < e.id AND waiting.due_at IS NOT NULL
  ) ORDER BY e.id LIMIT $2`;

const STATES = {
  open: 'ended_at IS NULL AND acknowledged_at IS NULL',
  acknowledged: 'ended_at IS NULL AND acknowledged_at IS NOT NULL',
  ended: 'ended_at IS NOT NULL',
} as const;

type IncidentReads = Omit<Incidents, 'saveIncidents' | 'acknowledgeIncident' | 'recordAnnouncement' | 'pruneIncidents'>;

/** @param referenceIn returns the text of a reference as it is stored */
export function createIncidentReads(reads: Reads, referenceIn: (stored: unknown) => string = String): IncidentReads {
  return {
    openIncidents: async () =>
      (await reads.all<IncidentRow>('SELECT * FROM incidents WHERE ended_at IS NULL')).map(toIncident),

    findIncident: async (id) => {
      const row = await reads.first<IncidentRow>('SELECT * FROM incidents WHERE id = $1', [id]);
      return row && toIncident(row);
    },

    incidentHistory: async (id) => {
      const statement = 'SELECT at, event, by FROM incident_events WHERE incident = $1 ORDER BY id';
      return (await reads.all<EventRow>(statement, [id])).map(toEvent);
    },

    countedReferences: async (incident) => {
      const statement = 'SELECT reference, is_affected FROM incident_executions WHERE incident = $1';
      const rows = await reads.all<{ reference: unknown; is_affected: number }>(statement, [incident]);
      return rows.map((row) => {
        return { incident, reference: referenceIn(row.reference), isAffected: row.is_affected === 1 };
      });
    },

    listIncidents: async ({ state, from, to, limit }) => {
      const where = conditions();
      if (from !== undefined) where.add('started_at >=', isoTime(from));
      if (to !== undefined) where.add('started_at <', isoTime(to));
      if (state !== undefined) where.addText(STATES[state]);
      const statement = `SELECT * FROM incidents ${where.where()} ORDER BY ended_at IS NOT NULL, started_at DESC LIMIT ${limit + 1}`;
      const rows = await reads.all<IncidentRow>(statement, where.values);
      return { items: rows.slice(0, limit).map(toIncident).sort(worstFirst), more: rows.length > limit };
    },

    dueAnnouncements: async (limit, now) =>
      (await reads.all<DueRow>(DUE, [isoTime(now), limit])).map((row) => {
        const { event_id: id, attempts, give_up_at } = row;
        return { id, event: toEvent(row), incident: toIncident(row), attempts, giveUpAt: fromIso(give_up_at) };
      }),

    waitingAnnouncements: async () => {
      const statement = 'SELECT count(*) AS count FROM incident_deliveries WHERE due_at IS NOT NULL';
      return (await reads.first<{ count: number }>(statement))?.count ?? 0;
    },
  };
}

function toIncident(row: IncidentRow): Incident {
  const { id, cause, subject, problem, affected, total } = row;
  return {
    ...{ id, cause, subject, problem, affected, total },
    startedAt: fromIso(row.started_at),
    lastSeenAt: fromIso(row.last_seen_at),
    endedAt: fromIso(row.ended_at),
    actions: JSON.parse(row.actions),
    apps: JSON.parse(row.apps),
    acknowledgedAt: fromIso(row.acknowledged_at),
    acknowledgedBy: row.acknowledged_by,
  };
}

function toEvent({ at, event, by }: EventRow): IncidentEvent {
  return { at: fromIso(at), type: event, by };
}

/** Returns what is stored of an incident, without its acknowledgement. */
export function incidentValues({ actions, apps, startedAt, lastSeenAt, endedAt, ...incident }: Incident) {
  return {
    ...incident,
    severity: CAUSES[incident.cause],
    ...{ startedAt: isoTime(startedAt), lastSeenAt: isoTime(lastSeenAt), endedAt: isoTime(endedAt) },
    ...{ actions: JSON.stringify(actions), apps: JSON.stringify(apps) },
  };
}

/** Returns the outcome of an acknowledgement. @param before the incident before it */
export function acknowledgementOf(before: IncidentRow | null | undefined, by: string, now: number): Acknowledgement {
  if (before == null) return { outcome: 'unknown' };
  const incident = toIncident(before);
  if (incident.endedAt !== null) return { outcome: 'ended', incident };
  if (incident.acknowledgedAt !== null) return { outcome: 'already', incident };
  return { outcome: 'acknowledged', incident: { ...incident, acknowledgedAt: now, acknowledgedBy: by } };
}
