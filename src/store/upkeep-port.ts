// The upkeep of a store: the entries that state counted repeats, and steps of the clock.

/** Writes counted repeats of events into the trail. */
export interface RepeatSummaries {
  /** Returns when counted repeats are due to be written, milliseconds; null without any. */
  nextSummary(): Promise<number | null>;
  /** Appends entries that state the counted repeats of up to `limit` executions that are due. */
  summarizeRepeats(limit: number, now: number): Promise<void>;
}

/** The times before and after a step of the wall clock, milliseconds. */
export interface ClockStep {
  readonly from: number;
  readonly to: number;
}
