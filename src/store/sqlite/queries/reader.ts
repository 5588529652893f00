// Reads a file for commands, beside a running receiver or without one.

import type { Database } from 'better-sqlite3';
import type { StoreReader, TrailReader } from '../../reader-port.ts';
import type { Retention } from '../../retention-port.ts';
import { createActivityList } from '../../shared/activity.ts';
import type { AuditRow } from '../../shared/audit-rows.ts';
import { createBacklog } from '../../shared/backlog.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { readPausedEndpoints } from '../../shared/endpoints.ts';
import { createIncidentReads } from '../../shared/incidents.ts';
import { createPrunableCounts } from '../../shared/prunable-counts.ts';
import { TABLE } from '../audit/activity.ts';
import { createClockStepReader, newestTime } from '../executions/clock-times.ts';
import { createQueueMonitor } from '../executions/open-counts.ts';
import { countedPauses } from '../executions/pauses.ts';
import { openReadOnly, schemaAge } from '../file/open-readonly.ts';
import { listNotifications } from '../outbox/list.ts';
import { prepareOutboxStatements } from '../outbox/statements.ts';
import { createAuditPruning } from '../retention/prune-audit.ts';
import { createPayloadPruning } from '../retention/prune-payloads.ts';
import { createRollupReader } from '../rollups/read.ts';
import { prepareStatements } from '../statements.ts';
import { readHead, verifyAudit } from '../verify/verify.ts';
import { firstEntrySince, idRangeOf, idsIn, linkBefore, newestEntryId, scanAuditTrail } from './audit.ts';
import { countedRepeats } from './counted-repeats.ts';
import { findStoredExecution, scanExecutions } from './executions.ts';
import { countExecutions } from './id-windows.ts';
import { createObservations } from './observations.ts';
import { createReads } from './reads.ts';
import { createStatistics } from './statistics.ts';

/** Opens the trail of a file, also of an older version. @throws {DatabaseRefused} */
export function openFileTrail(path: string): TrailReader {
  return trailOf(openReadOnly(path), path);
}

/** @throws {DatabaseRefused} also when the tables are of another version. */
export function openFileReader(path: string): StoreReader {
  const client = openReadOnly(path);
  try {
    refuseOtherVersion(client);
    return readerOf(client, path);
  } catch (error) {
    client.close();
    throw error;
  }
}

function refuseOtherVersion(client: Database): void {
  const age = schemaAge(client);
  if (age === 'newer') {
    throw new DatabaseRefused(`${client.name} is from a newer version of this receiver: use that version`);
  }
  if (age === 'older') {
    throw new DatabaseRefused(
      `${client.name} is from an older version of this receiver: start this version on it once`,
    );
  }
}

function trailOf(client: Database, name: string): TrailReader {
  return {
    name,
    head: async () => readHead(client),
    verify: async (options) => verifyAudit(client, options),
    hashOf: async (id) =>
      client
        .prepare<[number, number], string>(
          `SELECT hash FROM audit_events WHERE id = ? UNION ALL SELECT hash FROM audit_checkpoint WHERE pruned_through = ?`,
        )
        .pluck()
        .get(id, id),
    erasures: async () =>
      client
        .prepare<[], AuditRow>(
          `SELECT id, timestamp, event, action_id AS actionId, correlation_id AS correlationId, execution_id AS executionId,
            latency_ms AS latencyMs, http_status AS httpStatus, app, detail, hash FROM audit_events WHERE event = 'ERASED'`,
        )
        .all(),
    close: async () => void client.close(),
  };
}

function readerOf(client: Database, name: string): StoreReader {
  const reads = createReads(client);
  return {
    ...trailOf(client, name),
    ...createObservations(client),
    ...createStatistics(client),
    ...createRollupReader(client),
    ...createTrailQueries(client),
    ...createQueueQueries(client),
    executions: (filter, order) => scanExecutions(client, filter, order),
    countExecutions: async (period) => countExecutions(client, period),
    execution: async (correlationId) => findStoredExecution(client, correlationId),
    executionWithTrail: async (correlationId) => {
      const read = client.transaction(() => {
        const stored = findStoredExecution(client, correlationId);
        if (stored === undefined) return null;
        const batches = [...scanAuditTrail(client, { correlationId }, 'oldest-first')];
        return { stored, entries: batches.flatMap(({ found }) => found.map(({ entry }) => entry)) };
      });
      return read();
    },
    listActivity: createActivityList(reads, TABLE),
    listNotifications: (query) => listNotifications(client).page(query),
    pausedEndpoints: () => readPausedEndpoints(reads),
    sendingPauses: async () => countedPauses(client),
    openIncidents: createIncidentReads(reads).openIncidents,
    lastClockStep: async () => createClockStepReader(client)(),
    newestTime: async () => newestTime(client),
    prunable: createPrunableCounts(reads, prunableIn(client)),
  };
}

function prunableIn(client: Database): Pick<Retention, 'prunableEntries' | 'prunablePayloads'> {
  const [audit, payloads] = [createAuditPruning(client), createPayloadPruning(client)];
  return {
    prunableEntries: async (limit, cutoff, after) => audit.prunable(limit, cutoff, after),
    prunablePayloads: async (limit, cutoff, after) => payloads.prunable(limit, cutoff, after),
  };
}

function createTrailQueries(client: Database) {
  return {
    entries: (...given) => scanAuditTrail(client, ...given),
    countEntryIds: async (filter) => idsIn(client, idRangeOf(client, filter)),
    entryBefore: async (id) => linkBefore(client, id),
    newestEntryId: async () => newestEntryId(client),
    firstEntrySince: async (time) => firstEntrySince(client, { low: 0, high: newestEntryId(client) + 1 }, time),
    countedRepeats: (from) => countedRepeats(client, from),
  } satisfies Partial<StoreReader>;
}

function createQueueQueries(client: Database) {
  const sql = prepareStatements(client);
  const outbox = prepareOutboxStatements(client);
  const backlog = createBacklog();
  const monitor = createQueueMonitor(client, sql, backlog);
  return {
    queueState: () => {
      backlog.reset(sql.queued.all(), sql.polled.all(), sql.pollable.get() ?? 0);
      return monitor.queueState();
    },
    undelivered: async () => outbox.undelivered.get() ?? { pending: 0, dead: 0 },
    nextNotificationAt: async () => {
      const due = outbox.lanes.all().map(({ dueAt }) => Date.parse(dueAt));
      return due.length === 0 ? null : Math.min(...due);
    },
  } satisfies Partial<StoreReader>;
}
