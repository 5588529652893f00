// Gauges: the state of queues, limits, connections, loops and disk at the moment of a scrape.

import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CxoneControls } from '../../cxone/port.ts';
import { CAUSE_NAMES, type Incident } from '../../incident/incident.ts';
import type { Incidents } from '../../store/incidents-port.ts';
import type { Outbox } from '../../store/outbox-port.ts';
import { type CountedPause, describeScope, type SendingPauses } from '../../store/pauses-port.ts';
import type { QueueMonitor, QueueState } from '../../store/queue-port.ts';
import type { DatabaseFile } from '../../store/receiver-store.ts';
import type { Statistics, UnknownWord } from '../../store/statistics-port.ts';
import type { Instruments } from './instruments.ts';

export interface GaugeSources {
  readonly store: Pick<QueueMonitor, 'queueState'> &
    Pick<Outbox, 'undelivered'> &
    Pick<Statistics, 'unknownWords'> &
    Pick<Incidents, 'openIncidents' | 'waitingAnnouncements'> &
    Pick<SendingPauses, 'sendingPauses'>;
  readonly limiterState: CxoneControls['limiterState'];
  readonly waiters: { readonly size: number };
  readonly streams: { readonly size: number };
  readonly connections: { readonly open: number; readonly closures: ReadonlyMap<string, number> };
  readonly maxConnections: number;
  /** Endpoints of apps that fail, so that only probes go there. */
  readonly openCircuits: () => number;
  readonly loops: () => ReadonlyMap<string, { alive(): boolean }>;
  /** Apps whose queue is shown even while it is empty. */
  readonly apps: readonly string[];
  readonly queueCapacity: number;
  /** Null for a database on a server, which has its own metrics. */
  readonly databaseFile: Pick<DatabaseFile, 'databasePath' | 'checkFile' | 'checkpointsBlockedMs'> | null;
  readonly now: () => number;
}

export interface GaugeInstruments {
  readonly make: Instruments;
  /** For what only the leader exports. */
  readonly makeOfLeader: Instruments;
  /** For what the leader exports and reads from the database. */
  readonly makeOfDatabase: Instruments;
}

/** Registers the gauges. Returns a function that reads the store once for all of them, to be called before each scrape. */
export function createGauges(
  { make, makeOfLeader, makeOfDatabase }: GaugeInstruments,
  sources: GaugeSources,
): () => Promise<void> {
  limiterGauges(makeOfLeader, sources);
  connectionGauges(make, sources);
  if (sources.databaseFile !== null) diskGauges(make, sources.databaseFile);
  return queueGauges(makeOfDatabase, sources);
}

function queueGauges(make: Instruments, { store, apps, queueCapacity, now }: GaugeSources): () => Promise<void> {
  let queue: QueueState | null = null;
  let undelivered = { pending: 0, dead: 0 };
  let words: readonly UnknownWord[] = [];
  let incidents: readonly Incident[] = [];
  let unannounced = 0;
  let pauses: readonly CountedPause[] = [];
  const age = (at: number | null = null) => (at === null ? 0 : Math.max(0, now() - at) / 1000);

  make.gaugeBy('open_executions', 'Executions without an outcome, by status', 'status', () =>
    Object.entries(queue?.counts ?? {}),
  );
  make.gaugeBy('queued_executions', 'Executions that wait to be sent, by app', 'app', () => [
    ...apps.map((app) => [app, 0] as const),
    ...(queue?.queuedByApp ?? []),
  ]);
  make.gauge('queue_capacity', 'Executions that may wait to be sent (QUEUE_CAPACITY)', () => queueCapacity);
  make.gauge('oldest_queued_age_seconds', 'Age of the oldest queued execution; 0 when the queue is empty', () =>
    age(queue?.oldestQueuedAt),
  );
  make.gauge('oldest_pending_age_seconds', 'Age of the oldest open execution that was sent; 0 without any', () =>
    age(queue?.oldestPendingAt),
  );
  make.gauge('sending_pauses', 'Pauses of sending by administrators that are in force', () => pauses.length);
  make.gaugeBy(
    'paused_executions',
    'Queued executions that a pause of an administrator holds back; a series for each pause',
    'scope',
    () => pauses.map((pause) => [describeScope(pause), pause.queued] as const),
  );
  make.gauge('notifications_pending', 'Notifications that are still to be sent', () => undelivered.pending);
  make.gauge(
    'notifications_dead',
    'Dead letters: notifications that were given up and are kept',
    () => undelivered.dead,
  );
  make.gaugeBy('incidents', 'Incidents that have not ended, by cause, acknowledged or not', 'cause', () =>
    CAUSE_NAMES.map((name) => [name, incidents.filter(({ cause }) => cause === name).length] as const),
  );
  make.gauge(
    'incident_events_waiting',
    'Events of incidents that the webhook for incidents has not accepted',
    () => unannounced,
  );
  make.totalBy('unknown_status_words_total', 'Reports under a status word that the profile did not list', 'word', () =>
    words.map(({ word, reports }) => [word, reports] as const),
  );
  make.totalBy(
    'unknown_status_word_timeouts_total',
    'Executions that timed out under a status word that the profile did not list',
    'word',
    () => words.map(({ word, timeouts }) => [word, timeouts] as const),
  );

  return async () => {
    [queue, undelivered, words, incidents, unannounced, pauses] = await Promise.all([
      ...([store.queueState(), store.undelivered(), store.unknownWords()] as const),
      ...([store.openIncidents(), store.waitingAnnouncements(), store.sendingPauses()] as const),
    ]);
  };
}

function limiterGauges(make: Instruments, { limiterState: state, openCircuits, now }: GaugeSources): void {
  make.gauge('notification_circuits_open', 'Endpoints of apps that fail, so that only probes go there', openCircuits);
  make.gauge('upstream_concurrency_limit', 'Requests to CXone allowed in flight now', () => state().limit);
  make.gauge('upstream_in_flight', 'Requests to CXone in flight', () => state().inFlight);
  make.gaugeBy('upstream_waiting', 'Callers that wait for permission to send requests to CXone, by kind', 'kind', () =>
    Object.entries(state().waiting),
  );
  make.gauge(
    'upstream_pause_seconds',
    'Remaining time of a pause that CXone asked for',
    () => Math.max(0, state().pausedUntil - now()) / 1000,
  );
  make.total('upstream_pauses_total', 'Pauses that CXone asked for (Retry-After)', () => state().pauses);
  make.gauge(
    'upstream_average_latency_seconds',
    'Moving average of the response time of CXone; NaN before the first response',
    () => (state().averageLatencyMs ?? Number.NaN) / 1000,
  );
}

function connectionGauges(make: Instruments, sources: GaugeSources): void {
  const { waiters, streams, connections, maxConnections, loops } = sources;
  make.gauge('open_connections', 'Open connections of clients', () => connections.open);
  make.gauge('connection_limit', 'Connections that may be open', () => maxConnections);
  make.totalBy(
    'connections_closed_total',
    'Connections that were closed because there were too many, by reason',
    'reason',
    () => [...connections.closures],
  );
  make.gauge('waiting_requests', 'Executions for which a request is held open', () => waiters.size);
  make.gauge('open_streams', 'Streams of events that are open', () => streams.size);
  make.gaugeBy(
    'loop_alive',
    'Whether each loop of the receiver still completes rounds (1) or is stuck (0)',
    'loop',
    () => [...loops()].map(([name, loop]) => [name, Number(loop.alive())] as const),
  );
}

function diskGauges(make: Instruments, file: NonNullable<GaugeSources['databaseFile']>): void {
  const { databasePath, checkFile, checkpointsBlockedMs } = file;
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  make.gauge(
    'database_file_lost',
    'Whether the database file was removed or replaced while it is open (1) or not (0)',
    () => Number(checkFile() !== null),
  );
  make.gauge('database_size_bytes', 'Size of the database file', () => sizeOf(databasePath));
  make.gauge('wal_size_bytes', 'Size of the write-ahead log', () => sizeOf(`${databasePath}-wal`));
  make.gauge(
    'checkpoint_blocked_seconds',
    'How long readers had kept the write-ahead log from starting again at the latest commit; 0 while none does',
    () => checkpointsBlockedMs() / 1000,
  );
  make.gauge('disk_free_bytes', 'Free space on the disk of the database', () => {
    if (!existsSync(dirname(databasePath))) return Number.NaN;
    const { bavail, bsize } = statfsSync(dirname(databasePath));
    return bavail * bsize;
  });
}
