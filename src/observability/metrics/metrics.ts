// What Prometheus scrapes: counted from commits and observations; what is open is read from small indexes, never from a scan.

import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Store } from '../../store/port.ts';
import { disk } from './disk.ts';
import { createInstruments, type Instruments, SHORT_SECONDS } from './instruments.ts';
import { createOutcomes } from './outcomes.ts';
import { countUpstreamRequest, createServed, type ServedRequest } from './requests.ts';
import { createStanding, type StandingSources } from './standing.ts';
import { type LimiterState, upstream } from './upstream.ts';

export interface MetricsSources extends StandingSources {
  readonly store: Pick<Store, 'watch'> & StandingSources['store'];
  readonly limiterState: () => LimiterState;
  readonly waiters: { readonly size: number };
  readonly streams: { readonly size: number };
  /** Endpoints of apps that fail, so that nothing but a probe goes there. */
  readonly openCircuits: () => number;
  readonly loops: () => ReadonlyMap<string, { alive(): boolean }>;
  readonly databasePath: string;
}

export interface Metrics {
  observeRequest(request: ServedRequest): void;
  /** `milliseconds`: from the arrival of the callback to the commit; 0 for one that was refused. */
  observeCallback(outcome: string, milliseconds: number): void;
  /** Of tokens that callbacks carry. */
  observeTokenRequest(outcome: string): void;
  observeKeyRefusal(why: string): void;
  observeCommit(batch: number, milliseconds: number): void;
  /** Starts counting what these sources tell. */
  connect(sources: MetricsSources): void;
  /** Prometheus text exposition format 0.0.4. */
  scrape(): Promise<{ contentType: string; body: string }>;
}

/** So that the first of each is seen as an increase. */
const CALLBACK_OUTCOMES = [
  ...['resolved', 'progress', 'duplicate', 'conflict', 'late', 'unreadable', 'mismatch', 'ignored'],
  ...['address-not-allowed', 'bad-signature', 'bad-credentials', 'expired-token', 'bad-timestamp'],
  ...['bad-body-signature', 'unknown-execution'],
];
const TOKEN_OUTCOMES = ['issued', 'invalid-client', 'invalid-request', 'unsupported-grant', 'address-not-allowed'];
const KEY_REFUSALS = ['invalid-key', 'throttled'];

/** Gauges by names that are for counters; nodejs_active_resources tells the same. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const make = createInstruments(registry);
  const commits = createCommits(make);
  const callbacks = make.counter(
    'callbacks_total',
    'Callbacks received, by outcome; forged ones are counted here alone',
    ['outcome'],
  );
  const tokens = make.counter('callback_tokens_total', 'Requests for a token that callbacks carry, by outcome', [
    'outcome',
  ]);
  const keys = make.counter(
    'keys_refused_total',
    'Requests with a key that is not known here, by what they were told',
    ['why'],
  );
  for (const outcome of CALLBACK_OUTCOMES) callbacks.inc({ outcome }, 0);
  for (const outcome of TOKEN_OUTCOMES) tokens.inc({ outcome }, 0);
  for (const why of KEY_REFUSALS) keys.inc({ why }, 0);
  let heard = (_milliseconds: number) => {};
  let refresh = async () => {};

  return {
    observeRequest: createServed(createInstruments(registry, '')),
    observeCallback: (outcome, milliseconds) => {
      callbacks.inc({ outcome });
      if (outcome === 'resolved') heard(milliseconds);
    },
    observeTokenRequest: (outcome) => tokens.inc({ outcome }),
    observeKeyRefusal: (why) => keys.inc({ why }),
    observeCommit: commits,
    connect: (sources) => {
      const { store, now } = sources;
      const outcomes = createOutcomes(make, now);
      const asked = countUpstreamRequest(make);
      heard = outcomes.heard;
      store.watch((changes) => {
        outcomes.count(changes, now());
        for (const { entry } of changes) asked(entry);
      });
      refresh = createStanding(make, sources);
      upstream(make, sources.limiterState, now);
      disk(make, sources.databasePath);
      whoIsThere(make, sources);
    },
    scrape: async () => {
      await refresh();
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function createCommits(make: Instruments): Metrics['observeCommit'] {
  const batches = make.histogram(
    'commit_batch_size',
    'Mutations committed together',
    [1, 2, 4, 8, 16, 32, 64, 128, 256],
  );
  const buckets = [0.0005, ...SHORT_SECONDS];
  const commits = make.durations('commit_duration_seconds', 'One transaction with its fsync', [], buckets);
  return (batch, milliseconds) => {
    batches.observe(batch);
    commits.observe({}, milliseconds);
  };
}

function whoIsThere(make: Instruments, { waiters, streams, openCircuits, loops }: MetricsSources): void {
  make.gauge('waiting_requests', 'Executions for which a request is held open', () => waiters.size);
  make.gauge('open_streams', 'Streams of events that are open', () => streams.size);
  make.gauge('notification_circuits_open', 'Endpoints of apps that fail: nothing but a probe goes there', openCircuits);
  make.gaugeBy('loop_alive', 'Whether each loop of the service still comes round (1) or is stuck (0)', 'loop', () =>
    [...loops()].map(([name, loop]) => [name, Number(loop.alive())] as const),
  );
}
