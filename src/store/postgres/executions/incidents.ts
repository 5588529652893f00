// Writes incidents, their history and the executions they count: each change is one statement with its values as JSON.

import { isoTime } from '../../../lib/time.ts';
import type { Incidents } from '../../incidents-port.ts';
import {
  acknowledgementOf,
  createIncidentReads,
  type IncidentRow,
  incidentValues,
  saveFrom,
} from '../../shared/incidents.ts';
import { movedTime } from '../../shared/moved-times.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Session } from '../connection/session.ts';
import type { ClockTurns } from '../turns.ts';

const EVENTS = `json_to_recordset($1 -> 'events') AS g(incident text, at text, type text, by text)`;
const REFERENCES = `json_to_recordset($1 -> 'references') AS g(incident text, reference uuid, "isAffected" integer)`;

const SAVE = `WITH saved AS (${saveFrom(`SELECT g.id, g.cause, g.subject, g.severity, g.problem, g."startedAt", g."lastSeenAt",
      g."endedAt", g.affected, g.total, g.actions, g.apps
    FROM json_to_recordset($1 -> 'incidents') AS g(id text, cause text, subject text, severity text, problem text,
      "startedAt" text, "lastSeenAt" text, "endedAt" text, affected bigint, total bigint, actions text, apps text)`)}
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

/** @param inTurn runs a write while no step of the clock begins to move times */
export function createIncidents(
  reads: Reads,
  session: Pick<Session, 'write' | 'writeAsLeader'>,
  inTurn: ClockTurns,
): Incidents {
  return {
    ...createIncidentReads(reads),

    saveIncidents: ({ incidents, events, references }, giveUpAt) =>
      // promise: postgres/incident-across-a-step-has-the-new-clock
      inTurn(async (ms) => {
        await session.writeAsLeader(SAVE, {
          incidents: incidents.map(incidentValues),
          events: events.map((event) => ({ ...event, at: isoTime(event.at + ms) })),
          references: references.map((one) => ({ ...one, isAffected: Number(one.isAffected) })),
          giveUpAt: isoTime(movedTime(giveUpAt, ms)),
        });
      }),

    acknowledgeIncident: (id, by, now, giveUpAt) =>
      inTurn(async (ms) => {
        const times = { at: isoTime(now + ms), giveUpAt: isoTime(movedTime(giveUpAt, ms)) };
        const before = await session.write<IncidentRow | null>(ACKNOWLEDGE, { id, by, ...times });
        return acknowledgementOf(before, by, now + ms);
      }),

    recordAnnouncement: (id, { deliveredAt, retryAt, error }) =>
      inTurn(async (ms) => {
        await session.writeAsLeader(ATTEMPTED, {
          ...{ id, error },
          deliveredAt: isoTime(movedTime(deliveredAt, ms)),
          retryAt: isoTime(movedTime(retryAt, ms)),
        });
      }),

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
