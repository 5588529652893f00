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

export interface Instruments {
  counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label>;
  histogram(name: string, help: string, buckets: number[]): Histogram;
  durations<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: number[],
  ): Durations<Label>;
  /** A gauge that is read at each scrape. */
  gauge(name: string, help: string, read: () => number): void;
  /** A counter whose value is kept elsewhere and read at each scrape. */
  total(name: string, help: string, read: () => number): void;
  /** A counter with one series per label value, whose values are kept elsewhere and read at each scrape. */
  readonly totalBy: ReadBy;
  /** A gauge with one series per label value; series that a scrape does not read disappear. */
  readonly gaugeBy: ReadBy;
}

type ReadBy = (
  name: string,
  help: string,
  label: string,
  read: () => Iterable<readonly [value: string, number]>,
) => void;

/**
 * `prefix` replaces the receiver's own, for metrics with standard names. `scope` ends each help, and states what the metrics are about.
 */
export function createInstruments(registry: Registry, prefix = PREFIX, scope = ''): Instruments {
  const named = (name: string, help: string) => ({ name: prefix + name, help: help + scope, registers: [registry] });
  return {
    counter: (name, help, labelNames) => new Counter({ ...named(name, help), labelNames }),
    histogram: (name, help, buckets) => new Histogram({ ...named(name, help), buckets }),
    durations: (name, help, labelNames, buckets) => {
      const histogram = new Histogram({ ...named(name, help), labelNames, buckets });
      // If the clock was set back in between, the duration counts as 0.
      return { observe: (labels, milliseconds) => histogram.observe(labels, Math.max(0, milliseconds) / 1000) };
    },
    gauge: (name, help, read) => {
      new Gauge({
        ...named(name, help),
        collect() {
          this.set(read());
        },
      });
    },
    total: (name, help, read) => {
      new Counter({
        ...named(name, help),
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    },
    totalBy: (name, help, label, read) => {
      new Counter<string>({
        ...named(name, help),
        labelNames: [label],
        collect() {
          this.reset();
          for (const [value, number] of read()) this.inc({ [label]: value }, number);
        },
      });
    },
    gaugeBy: (name, help, label, read) => {
      new Gauge<string>({
        ...named(name, help),
        labelNames: [label],
        collect() {
          this.reset();
          for (const [value, number] of read()) this.set({ [label]: value }, number);
        },
      });
    },
  };
}
