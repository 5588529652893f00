// What Prometheus scrapes: counted from commits and observations, never from a scan of the database.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { isTerminal, totalLatencyMs } from './execution/execution.ts';
import type { Change, Counts, Store } from './store/port.ts';

export interface MetricsSources {
  readonly store: Pick<Store, 'watch' | 'counts'>;
  readonly limiterState: () => { limit: number; inFlight: number; pausedUntil: number };
  readonly waiters: { readonly size: number };
  readonly streams: { readonly size: number };
  readonly now: () => number;
}

export interface Metrics {
  observeCallback(outcome: string): void;
  observeKeyRefusal(why: string): void;
  observeCommit(batch: number, milliseconds: number): void;
  /** Starts counting what these sources tell. */
  connect(sources: MetricsSources): void;
  /** Prometheus text exposition format 0.0.4. */
  scrape(): Promise<{ contentType: string; body: string }>;
}

const PREFIX = 'cxone_receiver_';
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const events = new Counter({
    name: `${PREFIX}audit_events_total`,
    help: 'Audit entries written, by event',
    labelNames: ['event'],
    registers,
  });
  const outcomes = new Counter({
    name: `${PREFIX}executions_resolved_total`,
    help: 'Executions that ended, by status and by what resolved them',
    labelNames: ['status', 'resolved_by'],
    registers,
  });
  const duration = new Histogram({
    name: `${PREFIX}execution_duration_seconds`,
    help: 'From submission to outcome, by what resolved it',
    labelNames: ['resolved_by'],
    buckets: SECONDS,
    registers,
  });
  const callbacks = new Counter({
    name: `${PREFIX}callbacks_total`,
    help: 'Callbacks received, by outcome; forged ones are counted here alone',
    labelNames: ['outcome'],
    registers,
  });
  const keys = new Counter({
    name: `${PREFIX}keys_refused_total`,
    help: 'Requests with a key that is not known here, by what they were told',
    labelNames: ['why'],
    registers,
  });
  const batches = new Histogram({
    name: `${PREFIX}commit_batch_size`,
    help: 'Mutations committed together',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers,
  });
  const commits = new Histogram({
    name: `${PREFIX}commit_duration_seconds`,
    help: 'One transaction with its fsync',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
    registers,
  });

  function count({ execution, outcome, entry }: Change): void {
    events.inc({ event: entry.event });
    if (outcome !== 'resolved' || !isTerminal(execution.status)) return;
    const resolvedBy = execution.resolvedBy ?? 'none';
    outcomes.inc({ status: execution.status, resolved_by: resolvedBy });
    duration.observe({ resolved_by: resolvedBy }, (totalLatencyMs(execution) ?? 0) / 1000);
  }

  return {
    observeCallback: (outcome) => callbacks.inc({ outcome }),
    observeKeyRefusal: (why) => keys.inc({ why }),
    observeCommit: (batch, milliseconds) => {
      batches.observe(batch);
      commits.observe(milliseconds / 1000);
    },
    connect: (sources) => {
      sources.store.watch((changes) => {
        for (const change of changes) count(change);
      });
      openExecutions(registry, () => sources.store.counts());
      gauge(registry, 'waiting_requests', 'Executions for which a request is held open', () => sources.waiters.size);
      gauge(registry, 'open_streams', 'Streams of events that are open', () => sources.streams.size);
      limiter(registry, sources);
    },
    scrape: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

function openExecutions(registry: Registry, counts: () => Promise<Counts>): void {
  new Gauge({
    name: `${PREFIX}open_executions`,
    help: 'Executions without an outcome, by status',
    labelNames: ['status'],
    registers: [registry],
    async collect() {
      for (const [status, count] of Object.entries(await counts())) this.set({ status }, count);
    },
  });
}

function limiter(registry: Registry, { limiterState, now }: MetricsSources): void {
  gauge(registry, 'upstream_concurrency_limit', 'Requests to CXone allowed in flight now', () => limiterState().limit);
  gauge(registry, 'upstream_in_flight', 'Requests to CXone in flight', () => limiterState().inFlight);
  gauge(
    registry,
    'upstream_pause_seconds',
    'What is left of a pause that CXone asked for',
    () => Math.max(0, limiterState().pausedUntil - now()) / 1000,
  );
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name: `${PREFIX}${name}`,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
