// Stores incidents, their history and the executions they count. Times are ISO 8601 text, as operators query them.

import { CAUSES, type Incident, worstFirst } from '../../../incident/incident.ts';
import { isoTime } from '../../../lib/time.ts';
import type { Acknowledgement, Incidents } from '../../incidents-port.ts';
import { type IncidentEventRow, type IncidentRow, toEvent, toIncident } from '../../shared/incident-rows.ts';
import { conditions } from '../conditions.ts';
import type { Reads } from '../connection/reads.ts';
import type { Session } from '../connection/session.ts';

interface DueRow extends IncidentEventRow {
  readonly id: number;
  readonly attempts: number;
  readonly give_up_at: string;
  readonly incident: IncidentRow;
}

type Row<T> = T & Record<string, unknown>;

const EVENTS = `json_to_recordset($1 -> 'events') AS g(incident text, at text, type text, by text)`;
const REFERENCES = `json_to_recordset($1 -> 'references') AS g(incident text, reference uuid, "isAffected" integer)`;

/** An acknowledgement that was stored meanwhile stays. */
const SAVE = `WITH saved AS (
    INSERT INTO incidents (id, cause, subject, severity, problem, started_at, last_seen_at, ended_at, affected, total, actions, apps)
    SELECT g.id, g.cause, g.subject, g.severity, g.problem, g."startedAt", g."lastSeenAt", g."endedAt", g.affected, g.total,
      g.actions, g.apps
    FROM json_to_recordset($1 -> 'incidents') AS g(id text, cause text, subject text, severity text, problem text,
      "startedAt" text, "lastSeenAt" text, "endedAt" text, affected bigint, total bigint, actions text, apps text)
    ON CONFLICT (id) DO UPDATE SET problem = excluded.problem, last_seen_at = excluded.last_seen_at, ended_at = excluded.ended_at,
      affected = excluded.affected, total = excluded.total, actions = excluded.actions, apps = excluded.apps
  ), recorded AS (
    INSERT INTO incident_events (incident, at, event, by) SELECT incident, at, type, by FROM ${EVENTS} RETURNING id, at
  ), announced AS (
    INSERT INTO incident_deliveries (event, due_at, give_up_at, attempts)
    SELECT id, at, $1 ->> 'giveUpAt', 0 FROM recorded WHERE $1 ->> 'giveUpAt' IS NOT NULL
  ), counted AS (
    INSERT INTO incident_executions AS e (incident, reference, is_affected)
    SELECT incident, reference, max("isAffected") FROM ${REFERENCES} GROUP BY incident, reference
    ON CONFLICT (incident, reference) DO UPDATE SET is_affected = greatest(e.is_affected, excluded.is_affected)
  ) SELECT 'true'::json`;

/** Returns the incident as it was before. */
const ACKNOWLEDGE = `WITH before AS (SELECT * FROM incidents WHERE id = $1 ->> 'id'), acknowledged AS (
    UPDATE incidents SET acknowledged_at = $1 ->> 'at', acknowledged_by = $1 ->> 'by'
    WHERE id = $1 ->> 'id' AND ended_at IS NULL AND acknowledged_at IS NULL RETURNING id
  ), recorded AS (
    INSERT INTO incident_events (incident, at, event, by)
    SELECT id, $1 ->> 'at', 'acknowledged', $1 ->> 'by' FROM acknowledged RETURNING id, at
  ), announced AS (
    INSERT INTO incident_deliveries (event, due_at, give_up_at, attempts)
    SELECT id, at, $1 ->> 'giveUpAt', 0 FROM recorded WHERE $1 ->> 'giveUpAt' IS NOT NULL
  ) SELECT row_to_json(before) FROM before`;

/** The events of an incident are announced one after the other: its end does not overtake its beginning. */
const DUE = `SELECT e.id, e.at, e.event, e.by, d.attempts, d.give_up_at, row_to_json(i) AS incident
  FROM incident_deliveries AS d JOIN incident_events AS e ON e.id = d.event JOIN incidents AS i ON i.id = e.incident
  WHERE d.due_at <= $1 AND NOT EXISTS (
    SELECT 1 FROM incident_events AS earlier JOIN incident_deliveries AS waiting ON waiting.event = earlier.id
    WHERE earlier.incident = e.incident AND earlier.id < e.id AND waiting.due_at IS NOT NULL
  ) ORDER BY e.id LIMIT $2`;

const ATTEMPTED = `WITH attempted AS (
    UPDATE incident_deliveries AS d SET attempts = attempts + 1, delivered_at = g."deliveredAt", due_at = g."retryAt",
      last_error = g.error
    FROM json_to_record($1) AS g(id bigint, "deliveredAt" text, "retryAt" text, error text) WHERE d.event = g.id
  ) SELECT 'true'::json`;

/** The trigger of the history demands that the incident is removed before. */
const OLD = `SELECT coalesce(json_agg(id), '[]') FROM (SELECT id FROM incidents WHERE ended_at < $1 ->> 'before' LIMIT 100) AS old`;
const NAMED = 'IN (SELECT * FROM json_array_elements_text($1))';
const REMOVE_INCIDENTS = `WITH removed AS (DELETE FROM incidents WHERE id ${NAMED} RETURNING id) SELECT to_json(count(*)) FROM removed`;
const REMOVE_HISTORY = `WITH events AS (SELECT id FROM incident_events WHERE incident ${NAMED}), executions AS (
    DELETE FROM incident_executions WHERE incident ${NAMED}
  ), deliveries AS (
    DELETE FROM incident_deliveries WHERE event IN (SELECT id FROM events)
  ), removed AS (
    DELETE FROM incident_events WHERE incident ${NAMED} RETURNING id
  ) SELECT to_json(count(*)) FROM removed`;

const STATES = {
  open: 'ended_at IS NULL AND acknowledged_at IS NULL',
  acknowledged: 'ended_at IS NULL AND acknowledged_at IS NOT NULL',
  ended: 'ended_at IS NOT NULL',
} as const;

// One function because it lists the operations of the role.
export function createIncidents(reads: Reads, session: Pick<Session, 'write' | 'writeAsLeader'>): Incidents {
  return {
    openIncidents: async () =>
      (await reads.all<Row<IncidentRow>>('SELECT * FROM incidents WHERE ended_at IS NULL')).map(toIncident),

    findIncident: async (id) => {
      const row = await reads.first<Row<IncidentRow>>('SELECT * FROM incidents WHERE id = $1', [id]);
      return row && toIncident(row);
    },

    incidentHistory: async (id) => {
      const statement = 'SELECT at, event, by FROM incident_events WHERE incident = $1 ORDER BY id';
      return (await reads.all<Row<IncidentEventRow>>(statement, [id])).map(toEvent);
    },

    countedReferences: async (id) => {
      const statement =
        'SELECT reference, is_affected = 1 AS "isAffected" FROM incident_executions WHERE incident = $1';
      const rows = await reads.all<{ reference: string; isAffected: boolean }>(statement, [id]);
      return rows.map((row) => ({ incident: id, ...row }));
    },

    listIncidents: async ({ state, from, to, limit }) => {
      const where = conditions();
      if (from !== undefined) where.add('started_at >=', isoTime(from));
      if (to !== undefined) where.add('started_at <', isoTime(to));
      if (state !== undefined) where.addText(STATES[state]);
      const statement = `SELECT * FROM incidents ${where.where()} ORDER BY ended_at IS NOT NULL, started_at DESC LIMIT ${limit + 1}`;
      const rows = await reads.all<Row<IncidentRow>>(statement, where.values);
      return { items: rows.slice(0, limit).map(toIncident).sort(worstFirst), more: rows.length > limit };
    },

    saveIncidents: async ({ incidents, events, references }, giveUpAt) => {
      await session.writeAsLeader(SAVE, {
        incidents: incidents.map(toValues),
        events: events.map((event) => ({ ...event, at: isoTime(event.at) })),
        references: references.map((one) => ({ ...one, isAffected: Number(one.isAffected) })),
        giveUpAt: isoTime(giveUpAt),
      });
    },

    acknowledgeIncident: async (id, by, now, giveUpAt): Promise<Acknowledgement> => {
      const times = { at: isoTime(now), giveUpAt: isoTime(giveUpAt) };
      const before = await session.write<IncidentRow | null>(ACKNOWLEDGE, { id, by, ...times });
      if (before === null) return { outcome: 'unknown' };
      const incident = toIncident(before);
      if (incident.endedAt !== null) return { outcome: 'ended', incident };
      if (incident.acknowledgedAt !== null) return { outcome: 'already', incident };
      return { outcome: 'acknowledged', incident: { ...incident, acknowledgedAt: now, acknowledgedBy: by } };
    },

    dueAnnouncements: async (limit, now) =>
      (await reads.all<Row<DueRow>>(DUE, [isoTime(now), limit])).map((row) => {
        const { id, attempts, give_up_at, incident } = row;
        return {
          ...{ id, attempts, giveUpAt: Date.parse(give_up_at) },
          ...{ event: toEvent(row), incident: toIncident(incident) },
        };
      }),

    waitingAnnouncements: async () => {
      const statement = 'SELECT count(*) AS count FROM incident_deliveries WHERE due_at IS NOT NULL';
      return (await reads.first<{ count: number }>(statement))?.count ?? 0;
    },

    recordAnnouncement: async (id, { deliveredAt, retryAt, error }) => {
      await session.writeAsLeader(ATTEMPTED, {
        id,
        deliveredAt: isoTime(deliveredAt),
        retryAt: isoTime(retryAt),
        error,
      });
    },

    // In two statements: an incident without its history is harmless, and the next call removes the rest.
    pruneIncidents: async (before) => {
      const ids = await session.writeAsLeader<readonly string[]>(OLD, { before: isoTime(before) });
      if (ids.length === 0) return 0;
      const removed = await session.writeAsLeader<number>(REMOVE_INCIDENTS, ids);
      await session.writeAsLeader(REMOVE_HISTORY, ids);
      return removed;
    },
  };
}

function toValues({ actions, apps, startedAt, lastSeenAt, endedAt, ...incident }: Incident) {
  return {
    ...incident,
    severity: CAUSES[incident.cause],
    ...{ startedAt: isoTime(startedAt), lastSeenAt: isoTime(lastSeenAt), endedAt: isoTime(endedAt) },
    ...{ actions: JSON.stringify(actions), apps: JSON.stringify(apps) },
  };
}
