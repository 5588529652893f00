// Writes incidents, their history and the executions they count.

import type { Database } from 'better-sqlite3';
import { isoTime } from '../../../lib/time.ts';
import type { IncidentEvent, Incidents } from '../../incidents-port.ts';
import type { Change } from '../../port.ts';
import {
  acknowledgementOf,
  createIncidentReads,
  type IncidentRow,
  incidentValues,
  saveFrom,
} from '../../shared/incidents.ts';
import { unchanged, type Writer } from '../group-commit.ts';
import { createReads } from '../queries/reads.ts';
import { uuidBytes, uuidText } from '../rows.ts';

const SAVE =
  saveFrom(`VALUES (@id, @cause, @subject, @severity, @problem, @startedAt, @lastSeenAt, @endedAt, @affected, @total,
  @actions, @apps)`);

// One function because its parts share the prepared statements of one connection.
export function createIncidents(client: Database, writer: Pick<Writer<Change>, 'mutate'>): Incidents {
  const save = client.prepare<[object]>(SAVE);
  const byId = client.prepare<[string], IncidentRow>('SELECT * FROM incidents WHERE id = ?');
  const acknowledge = client.prepare<[string, string, string]>(
    'UPDATE incidents SET acknowledged_at = ?, acknowledged_by = ? WHERE id = ?',
  );
  const addEvent = client.prepare<[string, string, string, string | null]>(
    'INSERT INTO incident_events (incident, at, event, by) VALUES (?, ?, ?, ?)',
  );
  const announce = client.prepare<[number | bigint, string, string]>(
    'INSERT INTO incident_deliveries (event, due_at, give_up_at, attempts) VALUES (?, ?, ?, 0)',
  );
  const attempted = client.prepare<[string | null, string | null, string | null, number]>(
    'UPDATE incident_deliveries SET attempts = attempts + 1, delivered_at = ?, due_at = ?, last_error = ? WHERE event = ?',
  );
  const count = client.prepare<[string, Buffer | string, number]>(
    `INSERT INTO incident_executions (incident, reference, is_affected) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET is_affected = max(is_affected, excluded.is_affected)`,
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
    ...createIncidentReads(createReads(client), uuidText),

    saveIncidents: ({ incidents, events, references }, giveUpAt) =>
      writer.mutate(() => {
        for (const incident of incidents) save.run(incidentValues(incident));
        for (const { incident, ...event } of events) record(incident, event, giveUpAt);
        for (const { incident, reference, isAffected } of references) {
          count.run(incident, uuidBytes(reference), Number(isAffected));
        }
        return unchanged(undefined);
      }),

    acknowledgeIncident: (id, by, now, giveUpAt) =>
      writer.mutate(() => {
        const acknowledgement = acknowledgementOf(byId.get(id), by, now);
        if (acknowledgement.outcome === 'acknowledged') {
          acknowledge.run(isoTime(now), by, id);
          record(id, { at: now, type: 'acknowledged', by }, giveUpAt);
        }
        return unchanged(acknowledgement);
      }),

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
