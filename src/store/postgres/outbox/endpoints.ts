// Pauses endpoints of apps on PostgreSQL, and hastens what waits for one.

import { isoTime } from '../../../lib/time.ts';
import type { Notification } from '../../../notification/notification.ts';
import type { Endpoints } from '../../endpoints-port.ts';
import { createEndpointReads } from '../../shared/endpoints.ts';
import type { Reads } from '../../shared/reads.ts';
import { notificationTask } from '../batch/task.ts';
import type { Session } from '../connection/session.ts';
import type { Writer } from '../group-commit.ts';
import { NOTIFICATIONS } from './list.ts';

interface EndpointTools {
  readonly reads: Reads;
  readonly session: Pick<Session, 'write'>;
  readonly writer: Pick<Writer, 'mutate'>;
}

const PAUSE = `WITH added AS (
    INSERT INTO endpoint_pauses (app, origin, since, operator, reason)
    SELECT app, origin, since, by, reason FROM json_to_record($1) AS g(app text, origin text, since text, by text, reason text)
    ON CONFLICT DO NOTHING RETURNING app
  ) SELECT to_json(count(*)) FROM added`;

const RESUME = `WITH removed AS (
    DELETE FROM endpoint_pauses WHERE app = $1 ->> 'app' AND origin = $1 ->> 'origin' RETURNING app
  ) SELECT to_json(count(*)) FROM removed`;

/** A delivery that is under way is leased to a later time, and is not sent twice. */
const NEXT = `SELECT w.id, n.reference FROM notification_work AS w JOIN notification_rows AS n ON n.id = w.id
  WHERE w.app = $1 AND w.origin = $2 AND w.due_at > $3 ORDER BY w.due_at LIMIT 1`;

export function createEndpoints({ reads, session, writer }: EndpointTools): Endpoints {
  return {
    ...createEndpointReads(reads, NOTIFICATIONS),
    pauseEndpoint: async (pause) =>
      (await session.write<number>(PAUSE, { ...pause, since: isoTime(pause.since) })) === 1,
    resumeEndpoint: async ({ app, origin }) => (await session.write<number>(RESUME, { app, origin })) === 1,
    hasten: async ({ app, origin }, now) => {
      const values = [app, origin, Math.trunc(now)];
      const row = await reads.first<{ id: string; reference: string }>(NEXT, values);
      if (row !== undefined) await writer.mutate(hasteningTask(row, now));
    },
  };
}

function hasteningTask(named: { id: string; reference: string }, now: number) {
  const isWaiting = ({ dueAt }: Notification) => dueAt !== null && dueAt > now;
  return notificationTask(named, isWaiting, (part, before) => {
    part.saveNotification({ ...before, dueAt: now });
    return { value: null, changes: [], part };
  });
}
