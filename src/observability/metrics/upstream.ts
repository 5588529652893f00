// The limits under which CXone is called, and who waits for them.

import type { Instruments } from './instruments.ts';

/** What a limiter tells of itself. Times in milliseconds; `pausedUntil` is 0 when nothing is paused. */
export interface LimiterState {
  readonly limit: number;
  readonly inFlight: number;
  readonly waiting: { readonly [kind: string]: number };
  readonly pausedUntil: number;
  /** How many pauses CXone has asked for. */
  readonly pauses: number;
  /** Null until CXone has answered. */
  readonly averageLatencyMs: number | null;
}

export function upstream(make: Instruments, state: () => LimiterState, now: () => number): void {
  make.gauge('upstream_concurrency_limit', 'Requests to CXone allowed in flight now', () => state().limit);
  make.gauge('upstream_in_flight', 'Requests to CXone in flight', () => state().inFlight);
  make.gaugeBy('upstream_waiting', 'Who waits for permission to make requests to CXone, by kind', 'kind', () =>
    Object.entries(state().waiting),
  );
  make.gauge(
    'upstream_pause_seconds',
    'What is left of a pause that CXone asked for',
    () => Math.max(0, state().pausedUntil - now()) / 1000,
  );
  make.total('upstream_pauses_total', 'Pauses that CXone asked for (Retry-After)', () => state().pauses);
  make.gauge(
    'upstream_average_latency_seconds',
    'Moving average of the time in which CXone answers; NaN until it has',
    () => (state().averageLatencyMs ?? Number.NaN) / 1000,
  );
}
