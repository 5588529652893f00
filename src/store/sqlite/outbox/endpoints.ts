// Endpoints of apps on SQLite: which are paused, and what was sent to one last.

import type { Database } from 'better-sqlite3';
import { isoTime } from '../../../lib/time.ts';
import type { EndpointPause, Endpoints } from '../../endpoints-port.ts';
import type { Change } from '../../port.ts';
import { unchanged, type Writer } from '../group-commit.ts';
import { type NotificationRow, toNotification } from './rows.ts';

interface PauseRow {
  readonly app: string;
  readonly origin: string;
  readonly since: string;
  readonly operator: string;
  readonly reason: string | null;
}

/** The index of the app bounds the scan, however many notifications there are. */
const RECENT = `SELECT sequence, id, reference, correlation_id AS correlationId, app, type, url, origin, status,
    created_at AS createdAt, due_at AS dueAt, give_up_at AS giveUpAt, attempts, last_attempt_at AS lastAttemptAt,
    last_http_status AS lastHttpStatus, last_error AS lastError, delivered_at AS deliveredAt
  FROM (SELECT * FROM notifications WHERE app = ? ORDER BY sequence DESC LIMIT ?) WHERE origin = ? ORDER BY sequence DESC`;

/** A delivery that is under way is leased to a later time, and is not sent twice. */
const HASTEN = `UPDATE notifications SET due_at = @now WHERE sequence =
  (SELECT sequence FROM notifications WHERE app = @app AND origin = @origin AND due_at > @now ORDER BY due_at LIMIT 1)`;

export function createEndpoints(client: Database, writer: Pick<Writer<Change>, 'mutate'>): Endpoints {
  const paused = createPausedReader(client);
  const pause = client.prepare<[object]>(
    `INSERT INTO endpoint_pauses (app, origin, since, operator, reason) VALUES (@app, @origin, @since, @by, @reason)
    ON CONFLICT DO NOTHING`,
  );
  const resume = client.prepare<[string, string]>('DELETE FROM endpoint_pauses WHERE app = ? AND origin = ?');
  const hasten = client.prepare<[object]>(HASTEN);
  const recent = client.prepare<[string, number, string], NotificationRow>(RECENT);

  return {
    pausedEndpoints: async () => paused(),
    pauseEndpoint: (one) =>
      writer.mutate(() => unchanged(pause.run({ ...one, since: isoTime(one.since) }).changes > 0)),
    resumeEndpoint: ({ app, origin }) => writer.mutate(() => unchanged(resume.run(app, origin).changes > 0)),
    hasten: ({ app, origin }, now) =>
      writer.mutate(() => unchanged(void hasten.run({ app, origin, now: isoTime(now) }))),
    recentTo: async ({ app, origin }, limit) =>
      recent.all(app, limit, origin).map((row) => ({ ...toNotification(row), sequence: row.sequence })),
  };
}

/** Returns the pauses in a file that a command reads. */
export function pausedEndpoints(client: Database): EndpointPause[] {
  return createPausedReader(client)();
}

function createPausedReader(client: Database) {
  const paused = client.prepare<[], PauseRow>('SELECT * FROM endpoint_pauses ORDER BY since, app, origin');
  return () =>
    paused.all().map(({ app, origin, since, operator, reason }): EndpointPause => {
      return { app, origin, since: Date.parse(since), by: operator, reason };
    });
}
