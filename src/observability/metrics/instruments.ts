// Creates metrics with the receiver's prefix.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const PREFIX = 'cxone_receiver_';

/** Histogram buckets in seconds for durations of executions, up to the maximum grace period and polling window. */
export const LONG_SECONDS = [
  0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 7200, 14400, 28800, 57600, 86400, 90000,
];
/** Histogram buckets in seconds for durations of requests and commits. */
export const SHORT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A histogram that takes milliseconds and exports seconds. */
export interface Durations<Label extends string> {
  observe(labels: Readonly<Record<Label, string>>, milliseconds: number): void;
}

export type Instruments = ReturnType<typeof createInstruments>;

type ReadBy = () => Iterable<readonly [value: string, number]>;

/**
 * `prefix` replaces the receiver's own, for metrics with standard names. `scope` ends each help, and states what the metrics are about.
 */
export function createInstruments(registry: Registry, prefix = PREFIX, scope = '') {
  const named = (name: string, help: string) => ({ name: prefix + name, help: help + scope, registers: [registry] });
  return {
    counter: <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
      new Counter({ ...named(name, help), labelNames }),
    histogram: (name: string, help: string, buckets: number[]) => new Histogram({ ...named(name, help), buckets }),
    durations: <Label extends string>(
      name: string,
      help: string,
      labelNames: readonly Label[],
      buckets: number[],
    ): Durations<Label> => {
      const histogram = new Histogram({ ...named(name, help), labelNames, buckets });
      // If the clock was set back in between, the duration counts as 0.
      return { observe: (labels, milliseconds) => histogram.observe(labels, Math.max(0, milliseconds) / 1000) };
    },
    /** A gauge that is read at each scrape. */
    gauge: (name: string, help: string, read: () => number): void => {
      const gauge: Gauge = new Gauge({ ...named(name, help), collect: () => gauge.set(read()) });
    },
    /** A counter whose value is kept elsewhere and read at each scrape. */
    total: (name: string, help: string, read: () => number): void => {
      const collect = () => {
        counter.reset();
        counter.inc(read());
      };
      const counter: Counter = new Counter({ ...named(name, help), collect });
    },
    /** A counter with one series per label value, whose values are kept elsewhere and read at each scrape. */
    totalBy: (name: string, help: string, label: string, read: ReadBy): void => {
      const collect = () => refill(counter, label, read());
      const counter: Counter = new Counter({ ...named(name, help), labelNames: [label], collect });
    },
    /** A gauge with one series per label value; series that a scrape does not read disappear. */
    gaugeBy: (name: string, help: string, label: string, read: ReadBy): void => {
      const collect = () => refill(gauge, label, read());
      const gauge: Gauge = new Gauge({ ...named(name, help), labelNames: [label], collect });
    },
  };
}

/** Replaces the series of a metric. */
function refill(metric: Counter | Gauge, label: string, series: ReturnType<ReadBy>): void {
  metric.reset();
  for (const [value, number] of series) metric.inc({ [label]: value }, number);
}
