// Reads a PostgreSQL database for commands, beside running receivers or without one.

import { withoutLogin } from '../../../lib/database-url.ts';
import type { StoreReader } from '../../reader-port.ts';
import { createActivityList } from '../../shared/activity.ts';
import { eventOf } from '../../shared/codes.ts';
import { readPausedEndpoints } from '../../shared/endpoints.ts';
import { createIncidentReads } from '../../shared/incidents.ts';
import { createPrunableCounts } from '../../shared/prunable-counts.ts';
import type { CountedRepeats } from '../../statistics-port.ts';
import { TABLE } from '../audit/activity.ts';
import { createClockTimes } from '../executions/clock-times.ts';
import { createSendingPauses } from '../executions/pauses.ts';
import { listNotifications } from '../outbox/list.ts';
import { readHead } from '../queries/audit.ts';
import { createObservations } from '../queries/observations.ts';
import { createQueueMonitor } from '../queries/queue.ts';
import { createStatistics } from '../queries/statistics.ts';
import { createRetention } from '../retention/retention.ts';
import { createRollupReader } from '../rollups/read.ts';
import { createExecutionQueries } from './executions.ts';
import { READ_ONLY } from './read-only.ts';
import { openReadSession, type ReadSession } from './read-session.ts';
import { createTrailQueries } from './trail.ts';
import { verifyTrail } from './verify.ts';

const UNDELIVERED = `SELECT (SELECT count(*) FROM notification_work) AS pending, (SELECT count(*) FROM notification_dead) AS dead`;
const NEXT_NOTIFICATION = 'SELECT min(due_at) AS at FROM notification_work';
const NEWEST_TIME = 'SELECT at FROM heartbeat WHERE id = 1';

/** Those that are not in the trail yet, and those that entries state. */
const REPEATS = `SELECT a.event, e.action_id AS "actionId", e.correlation_id AS "correlationId", a.count AS repeats, a.since, a.until
  FROM audit_repeats AS a JOIN execution_rows AS e ON e.id = a.execution WHERE a.until >= $1
  UNION ALL SELECT a.event, e.action_id, e.correlation_id, a.repeats, a.since, a.until
  FROM audit_rows AS a JOIN execution_rows AS e ON e.id = a.execution WHERE a.id >= $2 AND a.repeats > 0 AND a.until >= $1`;

/** @throws {DatabaseRefused} with the remedy, also when the tables are of another version. */
export async function openServerReader(url: string): Promise<StoreReader> {
  const session = await openReadSession(url);
  const trail = createTrailQueries(session);
  return {
    ...trail,
    ...createObservations(session),
    ...createStatistics(session),
    ...createRollupReader(session),
    ...createExecutionQueries(session, trail),
    ...createState(session),
    name: withoutLogin(url),
    head: () => readHead(session),
    verify: (options) => verifyTrail(session, options),
    listActivity: createActivityList(session, TABLE),
    listNotifications: listNotifications(session).page,
    countedRepeats: async function* (from) {
      // An entry is written after the repeats that it states.
      const first = await trail.firstEntrySince(from);
      const rows = await session.all<Omit<CountedRepeats, 'event'> & { event: number }>(REPEATS, [from, first]);
      yield rows.map((row) => ({ ...row, event: eventOf(row.event) }));
    },
    prunable: createPrunableCounts(session, createRetention({ reads: session, session: READ_ONLY, writer: READ_ONLY })),
    close: session.close,
  };
}

function createState(session: ReadSession) {
  return {
    pausedEndpoints: () => readPausedEndpoints(session),
    sendingPauses: createSendingPauses(session, READ_ONLY).port.sendingPauses,
    openIncidents: createIncidentReads(session).openIncidents,
    lastClockStep: createClockTimes(session, READ_ONLY, READ_ONLY).lastClockStep,
    newestTime: async () => (await session.first<{ at: number }>(NEWEST_TIME))?.at ?? null,
    queueState: createQueueMonitor(session).queueState,
    undelivered: async () =>
      (await session.first<{ pending: number; dead: number }>(UNDELIVERED)) ?? { pending: 0, dead: 0 },
    nextNotificationAt: async () => (await session.first<{ at: number | null }>(NEXT_NOTIFICATION))?.at ?? null,
  } satisfies Partial<StoreReader>;
}
