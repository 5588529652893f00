// The statistics role of a store. All statistics are read from committed rows, so every receiver on one store shows the same.

import type { AuditEntry, AuditEvent } from '../execution/event.ts';
import type { ResolvedBy, Status } from '../execution/execution.ts';
import type { Observation } from './observations-port.ts';

/** The part of an observation that outcome statistics use. */
export type ObservedOutcome = Pick<
  Observation,
  'actionId' | 'status' | 'resolvedBy' | 'sentAt' | 'resolvedAt' | 'calledBackAt' | 'foundAt'
>;

/** One audit entry, reduced to what statistics count. Times and durations in milliseconds. */
export interface StatisticsEntry
  extends Pick<AuditEntry, 'id' | 'timestamp' | 'event' | 'actionId' | 'correlationId' | 'latencyMs' | 'httpStatus'> {
  /** Events that the entry stands for, if it states counted repeats; null for a single event. */
  readonly repeats: number | null;
  /** When the first of these events came; null for a single event. */
  readonly since: number | null;
  /** Set on the one entry that ended the execution. `calledBackAt` is then the time of an unverified callback before the end. */
  readonly ended:
    | (ObservedOutcome & {
        readonly totalMs: number;
        /** From the last sign that CXone was at work to the poll that found the result; null for all other outcomes. */
        readonly unnoticedMs: number | null;
      })
    | null;
  /** Set on the first callback that repeats or follows an outcome found otherwise, and on the first poll after a callback. */
  readonly repeated: ObservedOutcome | null;
}

/** Repeats of one event of one execution that the trail counts. Times in milliseconds. */
export interface CountedRepeats {
  readonly event: AuditEvent;
  readonly actionId: string;
  readonly correlationId: string;
  readonly repeats: number;
  readonly since: number;
  readonly until: number;
}

export interface StatisticsPage {
  /** In the order of their ids. */
  readonly entries: readonly StatisticsEntry[];
  /** The id to read on after. */
  readonly through: number;
  /** True when no newer entry was committed at the time of reading. */
  readonly atEnd: boolean;
}

/** Executions that have all of these in common. */
export interface OutcomeGroup {
  readonly actionId: string;
  readonly status: Status;
  readonly resolvedBy: ResolvedBy | null;
  /** 1 if the execution was handed to the network. */
  readonly sent: 0 | 1;
  /** 1 if a result came after an end without one. */
  readonly late: 0 | 1;
  /** From submission to outcome, milliseconds. */
  readonly ms: number | null;
  readonly count: number;
}

export interface SubmittedPeriod {
  /** Submitted at or after, milliseconds. */
  readonly from?: number | undefined;
  /** Submitted before, milliseconds. */
  readonly to?: number | undefined;
  readonly app?: string | undefined;
  readonly actionId?: string | undefined;
}

/** A status word that the profile did not list when it arrived. Times in milliseconds since the Unix epoch. */
export interface UnknownWord {
  /** As CXone wrote it first; {@link OTHER_WORDS} for all further words together. */
  readonly word: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly reports: number;
  /** Executions that timed out while this was their last word. */
  readonly timeouts: number;
}

/** Words that are counted one by one. */
export const MAX_UNKNOWN_WORDS = 100;
export const OTHER_WORDS = '(others)';

/** Executions that `outcomesOf` reads for one iteration, except for the last one. */
export const OUTCOMES_BATCH = 5_000;

export interface Statistics {
  /** Reads up to `limit` audit entries after the id `after`. One reading is short. */
  statisticsAfter(after: number, limit: number): Promise<StatisticsPage>;
  /** Groups the executions of a period by outcome, one bounded batch of executions per iteration. */
  outcomesOf(period: SubmittedPeriod): Iterable<readonly OutcomeGroup[]> | AsyncIterable<readonly OutcomeGroup[]>;
  /** Returns the unknown status words, those under which most executions timed out first. */
  unknownWords(): Promise<readonly UnknownWord[]>;
}
