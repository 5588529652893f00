// Endpoints of apps on PostgreSQL: which are paused, and what was sent to one last.

import { isoTime } from '../../../lib/time.ts';
import type { Notification } from '../../../notification/notification.ts';
import type { EndpointPause, Endpoints } from '../../endpoints-port.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Session } from '../connection/session.ts';
import type { Decided, Task, Writer } from '../group-commit.ts';
import { type ListedRow, NOTIFICATION, toListed } from './list.ts';

interface EndpointTools {
  readonly reads: Reads;
  readonly session: Pick<Session, 'write'>;
  readonly writer: Pick<Writer, 'mutate'>;
}

interface PauseRow {
  readonly app: string;
  readonly origin: string;
  readonly since: string;
  readonly operator: string;
  readonly reason: string | null;
}

const PAUSED = 'SELECT app, origin, since, operator, reason FROM endpoint_pauses ORDER BY since, app, origin';

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

/** The index of the app bounds the scan, however many notifications there are. */
const RECENT = `SELECT * FROM (${NOTIFICATION} WHERE app = $1 ORDER BY sequence DESC LIMIT $3) AS newest WHERE origin = $2
  ORDER BY sequence DESC`;

const NOTHING: Decided<null> = { value: null, changes: [], part: null };

export function createEndpoints({ reads, session, writer }: EndpointTools): Endpoints {
  return {
    pausedEndpoints: () => readPausedEndpoints(reads),
    pauseEndpoint: async (pause) =>
      (await session.write<number>(PAUSE, { ...pause, since: isoTime(pause.since) })) === 1,
    resumeEndpoint: async ({ app, origin }) => (await session.write<number>(RESUME, { app, origin })) === 1,
    hasten: async ({ app, origin }, now) => {
      const values = [app, origin, Math.trunc(now)];
      const row = await reads.first<{ id: string; reference: string }>(NEXT, values);
      if (row !== undefined) await writer.mutate(hasteningTask(row, now));
    },
    recentTo: async ({ app, origin }, limit) =>
      (await reads.all<ListedRow>(RECENT, [app, origin, limit])).map(toListed),
  };
}

/** Returns the pauses, the oldest first. */
export async function readPausedEndpoints(reads: Reads): Promise<EndpointPause[]> {
  const rows = await reads.all<PauseRow>(PAUSED);
  return rows.map(({ since, operator, ...row }) => ({ ...row, since: Date.parse(since), by: operator }));
}

function hasteningTask({ id, reference }: { id: string; reference: string }, now: number): Task<null> {
  const isWaiting = ({ dueAt }: Notification) => dueAt !== null && dueAt > now;
  return {
    target: { reference },
    decide: (batch) => {
      const part = batch.partOf(reference);
      const before = part?.state.notifications.find((one) => one.id === id);
      if (part === undefined || before === undefined || !isWaiting(before)) return NOTHING;
      part.saveNotification({ ...before, dueAt: now });
      return { value: null, changes: [], part };
    },
  };
}
