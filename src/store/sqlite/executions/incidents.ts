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
import { movedTime } from '../../shared/moved-times.ts';
import { unchanged, type Writer } from '../group-commit.ts';
import { createReads } from '../queries/reads.ts';
import { uuidBytes, uuidText } from '../rows.ts';
import type { Claims } from './claims.ts';

const SAVE =
  saveFrom(`VALUES (@id, @cause, @subject, @severity, @problem, @startedAt, @lastSeenAt, @endedAt, @affected, @total,
  @actions, @apps)`);

// One function because its parts share the prepared statements of one connection.
export function createIncidents(
  client: Database,
  writer: Pick<Writer<Change>, 'mutate'>,
  claims: Pick<Claims, 'movedSince'>,
): Incidents {
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

  /** Changes incidents in one transaction, with the milliseconds by which the clock was set since the caller has read it. */
  function change<T>(work: (ms: number) => T): Promise<T> {
    const movedMs = claims.movedSince();
    // promise: incident-across-a-step-has-the-new-clock
    return writer.mutate(() => unchanged(work(movedMs())));
  }

  return {
    ...createIncidentReads(createReads(client), uuidText),

    saveIncidents: ({ incidents, events, references }, giveUpAt) =>
      change((ms) => {
        for (const incident of incidents) save.run(incidentValues(incident));
        for (const { incident, ...event } of events) {
          record(incident, { ...event, at: event.at + ms }, movedTime(giveUpAt, ms));
        }
        for (const { incident, reference, isAffected } of references) {
          count.run(incident, uuidBytes(reference), Number(isAffected));
        }
      }),

    acknowledgeIncident: (id, by, now, giveUpAt) =>
      change((ms) => {
        const at = now + ms;
        const acknowledgement = acknowledgementOf(byId.get(id), by, at);
        if (acknowledgement.outcome === 'acknowledged') {
          acknowledge.run(isoTime(at), by, id);
          record(id, { at, type: 'acknowledged', by }, movedTime(giveUpAt, ms));
        }
        return acknowledgement;
      }),

    recordAnnouncement: (id, { deliveredAt, retryAt, error }) =>
      change((ms) => {
        attempted.run(isoTime(movedTime(deliveredAt, ms)), isoTime(movedTime(retryAt, ms)), error, id);
      }),

    pruneIncidents: (before) =>
      change(() => {
        const ids = old.all(isoTime(before));
        for (const id of ids) for (const remove of removals) remove.run(id);
        return ids.length;
      }),
  };
}
