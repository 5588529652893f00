// Pauses endpoints of apps on SQLite, and hastens what waits for one.

import type { Database } from 'better-sqlite3';
import { isoTime } from '../../../lib/time.ts';
import type { Endpoints } from '../../endpoints-port.ts';
import type { Change } from '../../port.ts';
import { createEndpointReads } from '../../shared/endpoints.ts';
import { unchanged, type Writer } from '../group-commit.ts';
import { createReads } from '../queries/reads.ts';
import { toListed } from './list.ts';

/** A delivery that is under way is leased to a later time, and is not sent twice. */
const HASTEN = `UPDATE notifications SET due_at = @now WHERE sequence =
  (SELECT sequence FROM notifications WHERE app = @app AND origin = @origin AND due_at > @now ORDER BY due_at LIMIT 1)`;

export function createEndpoints(client: Database, writer: Pick<Writer<Change>, 'mutate'>): Endpoints {
  const pause = client.prepare<[object]>(
    `INSERT INTO endpoint_pauses (app, origin, since, operator, reason) VALUES (@app, @origin, @since, @by, @reason)
    ON CONFLICT DO NOTHING`,
  );
  const resume = client.prepare<[string, string]>('DELETE FROM endpoint_pauses WHERE app = ? AND origin = ?');
  const hasten = client.prepare<[object]>(HASTEN);

  return {
    ...createEndpointReads(createReads(client), { name: 'notifications', toListed }),
    pauseEndpoint: (one) =>
      writer.mutate(() => unchanged(pause.run({ ...one, since: isoTime(one.since) }).changes > 0)),
    resumeEndpoint: ({ app, origin }) => writer.mutate(() => unchanged(resume.run(app, origin).changes > 0)),
    hasten: ({ app, origin }, now) =>
      writer.mutate(() => unchanged(void hasten.run({ app, origin, now: isoTime(now) }))),
  };
}
