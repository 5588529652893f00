// What Prometheus scrapes. Outcomes are counted from the audit trail, requests and commits where they happen; no scrape scans a table.

import { collectDefaultMetrics, Registry } from 'prom-client';
import type { World } from '../../lib/world.ts';
import { type ChangeFeed, StoreUnavailable } from '../../store/port.ts';
import type { StatisticsEntry } from '../../store/statistics-port.ts';
import { createGauges, type GaugeSources } from './gauges.ts';
import { createInstruments, type Instruments, SHORT_SECONDS } from './instruments.ts';
import { createOutcomeMetrics } from './outcomes.ts';
import { createRequestMetrics, createUpstreamMetrics, type ServedRequest } from './requests.ts';

export interface MetricsSources extends GaugeSources {
  readonly store: ChangeFeed & GaugeSources['store'];
  readonly trail: {
    follow(listener: (entry: StatisticsEntry, isNew: boolean) => void): void;
    catchUp(): Promise<void>;
  };
  /** Returns whether this receiver leads. */
  readonly leads: () => boolean;
  /** Null when the last hour had no outcome. */
  readonly missedCallbackShare: () => number | null;
  readonly sleep: World['sleep'];
}

export interface Metrics {
  observeRequest(request: ServedRequest): void;
  /** `milliseconds`: from the arrival of the callback to the commit; 0 for a refused one. */
  observeCallback(outcome: string, milliseconds: number): void;
  /** Counts requests for tokens that callbacks carry. */
  observeTokenRequest(outcome: string): void;
  observeKeyRefusal(why: string): void;
  observeCommit(batch: number, milliseconds: number): void;
  observeCheckpoint(phase: 'beside' | 'held', milliseconds: number): void;
  connect(sources: MetricsSources): void;
  /** Returns the Prometheus text exposition format 0.0.4. */
  scrape(): Promise<{ contentType: string; body: string }>;
}

const CALLBACK_OUTCOMES = [
  ...['resolved', 'progress', 'duplicate', 'conflict', 'late', 'unreadable', 'mismatch', 'ignored'],
  ...['address-not-allowed', 'bad-signature', 'bad-credentials', 'expired-token', 'bad-timestamp'],
  ...['bad-body-signature', 'unknown-execution'],
];
const TOKEN_OUTCOMES = ['issued', 'invalid-client', 'invalid-request', 'unsupported-grant', 'address-not-allowed'];
const KEY_REFUSALS = ['invalid-key', 'throttled'];

/** Prometheus waits for 10 s. */
const MAX_READ_MS = 5_000;

/** Ends the help of the metrics that only the leader exports. */
const OF_ALL = '; of all receivers on the database, from the leader';

/** Gauges with names of counters; nodejs_active_resources has the same values. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export function createMetrics(): Metrics {
  const registry = new Registry();
  // What is the same for all receivers, or done by the leader alone. Only the leader exports it, so that sums are correct.
  const ofLeader = new Registry();
  // What each scrape reads from the database: left out while that is away, instead of what was read before.
  const ofDatabase = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const make = createInstruments(registry);
  const { callbacks, tokens, keys } = createCallCounters(make);
  const lag = make.durations(
    'detection_lag_seconds',
    'From the arrival of the callback or response that brought the outcome to its commit',
    ['resolved_by'],
    SHORT_SECONDS,
  );
  let refresh = async () => true;
  let leads = () => false;
  let isReachable = true;
  make.gauge(
    'active',
    'Whether this receiver leads: it sends, polls and notifies (1), or another one on its database does (0)',
    () => Number(leads()),
  );
  make.gauge(
    'database_reachable',
    'Whether the database could be read for this scrape (1) or not (0): then what is read from it is left out',
    () => Number(isReachable),
  );

  return {
    observeRequest: createRequestMetrics(createInstruments(registry, '')),
    observeCallback: (outcome, milliseconds) => {
      callbacks.inc({ outcome });
      if (outcome === 'resolved') lag.observe({ resolved_by: 'callback' }, milliseconds);
    },
    observeTokenRequest: (outcome) => tokens.inc({ outcome }),
    observeKeyRefusal: (why) => keys.inc({ why }),
    observeCommit: createCommitMetrics(make),
    observeCheckpoint: createCheckpointMetrics(make),
    connect: ({ trail, missedCallbackShare, ...sources }) => {
      ({ leads } = sources);
      const makeOfLeader = createInstruments(ofLeader, undefined, OF_ALL);
      const countOutcome = createOutcomeMetrics(makeOfLeader);
      trail.follow((entry, isNew) => {
        // Each receiver reads the entries of all.
        if (isNew && leads()) countOutcome(entry);
      });
      const countUpstreamRequest = createUpstreamMetrics(makeOfLeader);
      sources.store.watch((changes) => {
        for (const { execution, outcome, entry } of changes) {
          countUpstreamRequest(entry);
          const { resolvedBy, resolvedAt } = execution;
          if (outcome !== 'resolved' || (resolvedBy !== 'poll' && resolvedBy !== 'submit')) continue;
          lag.observe({ resolved_by: resolvedBy }, sources.now() - (resolvedAt ?? sources.now()));
        }
      });
      makeOfLeader.gauge(
        'missed_callback_ratio',
        'Of the outcomes of the last hour, the share without a callback; NaN without any outcome',
        () => missedCallbackShare() ?? Number.NaN,
      );
      const makeOfDatabase = createInstruments(ofDatabase, undefined, OF_ALL);
      const readStore = createGauges({ make, makeOfLeader, makeOfDatabase }, sources);
      refresh = createReading(async () => {
        await Promise.all([trail.catchUp(), ...(leads() ? [readStore()] : [])]);
      }, sources.sleep);
    },
    scrape: async () => {
      // promise: process-is-measured-without-its-database
      isReachable = await refresh();
      const registries = leads() ? [registry, ofLeader, ...(isReachable ? [ofDatabase] : [])] : [registry];
      const texts = await Promise.all(registries.map((one) => one.metrics()));
      return { contentType: registry.contentType, body: texts.join('\n') };
    },
  };
}

/** Counts calls from outside, by what became of them. */
function createCallCounters(make: Instruments) {
  const callbacks = make.counter(
    'callbacks_total',
    'Callbacks received, by outcome; forged ones are counted only here',
    ['outcome'],
  );
  const tokens = make.counter('callback_tokens_total', 'Requests for a token that callbacks carry, by outcome', [
    'outcome',
  ]);
  const keys = make.counter('keys_refused_total', 'Requests with an unknown key, by the reason of the refusal', [
    'why',
  ]);
  // Series exist from the start, so that Prometheus sees the first event as an increase.
  for (const outcome of CALLBACK_OUTCOMES) callbacks.inc({ outcome }, 0);
  for (const outcome of TOKEN_OUTCOMES) tokens.inc({ outcome }, 0);
  for (const why of KEY_REFUSALS) keys.inc({ why }, 0);
  return { callbacks, tokens, keys };
}

/** Returns a function that reads for a scrape. It returns false if the database cannot be read, or does not respond in time. */
function createReading(read: () => Promise<void>, sleep: World['sleep']): () => Promise<boolean> {
  let reading: Promise<boolean> | null = null;
  const attempt = async (): Promise<boolean> => {
    try {
      await read();
      return true;
    } catch (error) {
      if (error instanceof StoreUnavailable) return false;
      throw error;
    } finally {
      reading = null;
    }
  };
  return async () => {
    // A database that hangs is not asked again.
    reading ??= attempt();
    const settled = new AbortController();
    try {
      // promise: hanging-database-delays-no-scrape
      return await Promise.race([reading, sleep(MAX_READ_MS, settled.signal).then(() => false)]);
    } finally {
      settled.abort();
    }
  };
}

function createCommitMetrics(make: Instruments): Metrics['observeCommit'] {
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

function createCheckpointMetrics(make: Instruments): Metrics['observeCheckpoint'] {
  const passes = make.durations(
    'checkpoint_duration_seconds',
    'One pass that copies the write-ahead log: beside commits, or while they are held',
    ['phase'],
    SHORT_SECONDS,
  );
  return (phase, milliseconds) => passes.observe({ phase }, milliseconds);
}
