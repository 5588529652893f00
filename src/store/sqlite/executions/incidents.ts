// Stores incidents, their history and the executions they count. Times are ISO 8601 text, as operators query them.

import type { Database } from 'better-sqlite3';
import { CAUSES, type Incident, stateOf, worstFirst } from '../../../incident/incident.ts';
import { isoTime } from '../../../lib/time.ts';
import type { Acknowledgement, CountedReference, IncidentEvent, Incidents } from '../../incidents-port.ts';
import type { Change } from '../../port.ts';
import { type IncidentEventRow, type IncidentRow, toEvent, toIncident } from '../../shared/incident-rows.ts';
import { type Mutation, unchanged, type Writer } from '../group-commit.ts';
import { uuidBytes, uuidText } from '../rows.ts';

interface DueRow extends IncidentEventRow {
  readonly id: number;
  readonly incident: string;
  readonly attempts: number;
  readonly give_up_at: string;
}

const SAVE = `
INSERT INTO incidents (id, cause, subject, severity, problem, started_at, last_seen_at, ended_at, affected, total, actions, apps)
VALUES (@id, @cause, @subject, @severity, @problem, @startedAt, @lastSeenAt, @endedAt, @affected, @total, @actions, @apps)
ON CONFLICT (id) DO UPDATE SET problem = excluded.problem, last_seen_at = excluded.last_seen_at, ended_at = excluded.ended_at,
  affected = excluded.affected, total = excluded.total, actions = excluded.actions, apps = excluded.apps`;

const LIST = `
SELECT * FROM incidents WHERE started_at >= @from AND started_at < @to
  AND CASE @state WHEN 'open' THEN ended_at IS NULL AND acknowledged_at IS NULL
    WHEN 'acknowledged' THEN ended_at IS NULL AND acknowledged_at IS NOT NULL
    WHEN 'ended' THEN ended_at IS NOT NULL ELSE 1 END
ORDER BY ended_at IS NOT NULL, started_at DESC LIMIT @limit`;

/** The events of an incident are announced one after the other: its end does not overtake its beginning. */
const DUE = `
SELECT e.id, e.incident, e.at, e.event, e.by, d.attempts, d.give_up_at
FROM incident_deliveries AS d JOIN incident_events AS e ON e.id = d.event
WHERE d.due_at <= ? AND NOT EXISTS (
  SELECT 1 FROM incident_events AS earlier JOIN incident_deliveries AS waiting ON waiting.event = earlier.id
  WHERE earlier.incident = e.incident AND earlier.id < e.id AND waiting.due_at IS NOT NULL
) ORDER BY e.id LIMIT ?`;

const [FIRST_TIME, LAST_TIME] = ['0000', '9999'];

/** Returns a function that reads the incidents that have not ended, also of a file that a receiver writes. */
export function readOpenIncidents(client: Database): () => Incident[] {
  const open = client.prepare<[], IncidentRow>('SELECT * FROM incidents WHERE ended_at IS NULL');
  return () => open.all().map(toIncident);
}

// One function because its parts share the prepared statements of one connection.
export function createIncidents(client: Database, writer: Pick<Writer<Change>, 'mutate'>): Incidents {
  const save = client.prepare<[object]>(SAVE);
  const byId = client.prepare<[string], IncidentRow>('SELECT * FROM incidents WHERE id = ?');
  const open = readOpenIncidents(client);
  const list = client.prepare<[object], IncidentRow>(LIST);
  const acknowledge = client.prepare<[string, string, string]>(
    'UPDATE incidents SET acknowledged_at = ?, acknowledged_by = ? WHERE id = ?',
  );
  const addEvent = client.prepare<[string, string, string, string | null]>(
    'INSERT INTO incident_events (incident, at, event, by) VALUES (?, ?, ?, ?)',
  );
  const history = client.prepare<[string], IncidentEventRow>(
    'SELECT * FROM incident_events WHERE incident = ? ORDER BY id',
  );
  const announce = client.prepare<[number | bigint, string, string]>(
    'INSERT INTO incident_deliveries (event, due_at, give_up_at, attempts) VALUES (?, ?, ?, 0)',
  );
  const due = client.prepare<[string, number], DueRow>(DUE);
  const waiting = client
    .prepare<[], number>('SELECT count(*) FROM incident_deliveries WHERE due_at IS NOT NULL')
    .pluck();
  const attempted = client.prepare<[string | null, string | null, string | null, number]>(
    'UPDATE incident_deliveries SET attempts = attempts + 1, delivered_at = ?, due_at = ?, last_error = ? WHERE event = ?',
  );
  const count = client.prepare<[string, Buffer | string, number]>(
    `INSERT INTO incident_executions (incident, reference, is_affected) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET is_affected = max(is_affected, excluded.is_affected)`,
  );
  const counted = client.prepare<[string], { reference: Buffer | string; is_affected: number }>(
    'SELECT reference, is_affected FROM incident_executions WHERE incident = ?',
  );
  const old = client.prepare<[string], string>('SELECT id FROM incidents WHERE ended_at < ? LIMIT 100').pluck();
  const removals = [
    'DELETE FROM incidents WHERE id = ?',
    'DELETE FROM incident_executions WHERE incident = ?',
    'DELETE FROM incident_deliveries WHERE event IN (SELECT id FROM incident_events WHERE incident = ?)',
    'DELETE FROM incident_events WHERE incident = ?',
  ].map((sql) => client.prepare<[string]>(sql));

  function record(incident: string, { at, type, by }: IncidentEvent, giveUpAt: number | null): void {
    const { lastInsertRowid } = addEvent.run(incident, isoTime(at), type, by);
    if (giveUpAt !== null) announce.run(lastInsertRowid, isoTime(at), isoTime(giveUpAt));
  }

  return {
    openIncidents: async () => open(),
    findIncident: async (id) => optional(byId.get(id)),
    incidentHistory: async (id) => history.all(id).map(toEvent),
    countedReferences: async (id) =>
      counted.all(id).map(({ reference, is_affected }): CountedReference => {
        return { incident: id, reference: uuidText(reference), isAffected: is_affected === 1 };
      }),

    listIncidents: async ({ state = null, from, to, limit }) => {
      const bounds = {
        from: from === undefined ? FIRST_TIME : isoTime(from),
        to: to === undefined ? LAST_TIME : isoTime(to),
      };
      const rows = list.all({ ...bounds, state, limit: limit + 1 });
      return { items: rows.slice(0, limit).map(toIncident).sort(worstFirst), more: rows.length > limit };
    },

    saveIncidents: ({ incidents, events, references }, giveUpAt) =>
      writer.mutate(() => {
        for (const incident of incidents) save.run({ ...toValues(incident), severity: CAUSES[incident.cause] });
        for (const { incident, ...event } of events) record(incident, event, giveUpAt);
        for (const { incident, reference, isAffected } of references) {
          count.run(incident, uuidBytes(reference), Number(isAffected));
        }
        return unchanged(undefined);
      }),

    acknowledgeIncident: (id, by, now, giveUpAt) =>
      writer.mutate((): Mutation<Acknowledgement, never> => {
        const incident = optional(byId.get(id));
        if (incident === undefined) return unchanged({ outcome: 'unknown' });
        if (incident.endedAt !== null) return unchanged({ outcome: 'ended', incident });
        if (stateOf(incident) === 'acknowledged') return unchanged({ outcome: 'already', incident });
        acknowledge.run(isoTime(now), by, id);
        record(id, { at: now, type: 'acknowledged', by }, giveUpAt);
        return unchanged({
          outcome: 'acknowledged',
          incident: { ...incident, acknowledgedAt: now, acknowledgedBy: by },
        });
      }),

    dueAnnouncements: async (limit, now) =>
      due.all(isoTime(now), limit).flatMap((row) => {
        const incident = optional(byId.get(row.incident));
        const { id, attempts, give_up_at } = row;
        const event = toEvent(row);
        return incident === undefined ? [] : [{ id, event, incident, attempts, giveUpAt: Date.parse(give_up_at) }];
      }),

    waitingAnnouncements: async () => waiting.get() ?? 0,

    recordAnnouncement: (id, { deliveredAt, retryAt, error }) =>
      writer.mutate(() => {
        attempted.run(isoTime(deliveredAt), isoTime(retryAt), error, id);
        return unchanged(undefined);
      }),

    pruneIncidents: (before) =>
      writer.mutate(() => {
        const ids = old.all(isoTime(before));
        for (const id of ids) for (const remove of removals) remove.run(id);
        return unchanged(ids.length);
      }),
  };
}

function toValues({ actions, apps, startedAt, lastSeenAt, endedAt, ...incident }: Incident) {
  return {
    ...incident,
    ...{ startedAt: isoTime(startedAt), lastSeenAt: isoTime(lastSeenAt), endedAt: isoTime(endedAt) },
    ...{ actions: JSON.stringify(actions), apps: JSON.stringify(apps) },
  };
}

function optional(row: IncidentRow | undefined): Incident | undefined {
  return row && toIncident(row);
}
