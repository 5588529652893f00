// The roll-ups role of a store: counts per hour that are committed with the executions they count, so that questions about the
// past cost the same however many executions there are.

import type { Arrival } from '../execution/arrival-channel.ts';
import type { Execution } from '../execution/execution.ts';
import type { Observation, Observations } from './observations-port.ts';
import type { OutcomeGroup, Statistics } from './statistics-port.ts';

/** The part of the past that the roll-ups count. */
export interface Coverage {
  /**
   * The roll-ups count the executions that were submitted at this time or later, milliseconds; 0 for all executions, null for
   * none. It moves back while executions from before the first roll-up are counted.
   */
  readonly countedFrom: number | null;
}

/** Executions of one action that ended in one hour and whose outcome arrived in the same way. */
export interface ArrivalGroup extends Arrival {
  readonly actionId: string;
  /** The beginning of the hour, milliseconds. */
  readonly hour: number;
  readonly count: number;
}

/** Members that are left out do not restrict. Times in milliseconds since the Unix epoch. */
export interface HourRange {
  /** Hours that end after this time. */
  readonly from?: number | undefined;
  /** Hours that begin before this time. */
  readonly to?: number | undefined;
  readonly actionId?: string | undefined;
  readonly app?: string | undefined;
}

/** Outcomes of one action in one hour that a callback should have brought, and how many of them came without one. */
export interface MissingGroup {
  readonly actionId: string;
  /** The beginning of the hour, milliseconds. */
  readonly hour: number;
  readonly missed: number;
  readonly outcomes: number;
}

export interface SubmittedAction {
  readonly actionId: string;
  readonly accepted: number;
}

/** Of all apps: arrivals are not counted by app. */
export type ArrivalRange = Omit<HourRange, 'app'>;

/** Times in milliseconds since the Unix epoch. */
export interface SampleQuery {
  readonly actionId: string;
  /** Submitted at or after. */
  readonly from: number;
  /** Submitted before. */
  readonly to: number;
}

export interface TimingSample {
  /** Executions of the action in this time that were handed to the network, or that wait for it. */
  readonly executions: number;
  /** All of them if they are few, otherwise a random sample; newest first. */
  readonly observations: readonly Observation[];
}

/** A period of one action in steps. Times in milliseconds since the Unix epoch. */
export interface CourseQuery extends SampleQuery {
  /** A divisor or a multiple of an hour; the period begins and ends at a multiple of it. */
  readonly stepMs: number;
}

/** Ended executions that were submitted in the same step and have all of these in common. */
export interface CourseGroup extends Pick<OutcomeGroup, 'status' | 'resolvedBy' | 'sent' | 'count'> {
  /** The beginning of the step, milliseconds. */
  readonly at: number;
  /** From submission to outcome, rounded by at most 2.5 %; 0 for an outcome that is not from CXone. */
  readonly ms: number;
}

export interface Course {
  /** Executions by the step of their submission. Steps without any are left out. */
  readonly accepted: readonly { readonly at: number; readonly count: number }[];
  readonly outcomes: readonly CourseGroup[];
  /** The most common setting of the action's latest executions before the end of the period; null without any. */
  readonly timing: Pick<Execution, 'graceSeconds' | 'timeoutSeconds'> | null;
}

/** Executions of all actions up to which steps of less than an hour are read. */
export const MAX_COURSE_EXECUTIONS = 50_000;

/** Executions per action that timing advice is computed from. */
export const SAMPLE_SIZE = 2_000;

/** Reads the roll-ups. The work of one call does not grow with the number of executions. */
export interface Rollups {
  coverage(): Promise<Coverage>;
  /** Returns how the outcomes of the hours arrived, by the hours in which the executions ended; oldest hour first. */
  arrivals(range: ArrivalRange): Promise<readonly ArrivalGroup[]>;
  /** Returns how many of these outcomes had no callback, oldest hour first. */
  missing(range: ArrivalRange): Promise<readonly MissingGroup[]>;
  /** Returns the actions of the executions that were submitted in the hours, busiest first. */
  submitted(range: HourRange): Promise<readonly SubmittedAction[]>;
  /** Returns the outcomes of the executions that were submitted in the hours, without the open ones. Durations are rounded. */
  outcomes(range: HourRange): Promise<readonly OutcomeGroup[]>;
  sample(query: SampleQuery): Promise<TimingSample>;
  /**
   * Returns the course of an action. Steps of less than an hour are read from the executions themselves: null if those of the period
   * are more than MAX_COURSE_EXECUTIONS.
   */
  course(query: CourseQuery): Promise<Course | null>;
}

/** Counts executions that were written before the store had roll-ups. */
export interface RollupHistory {
  /** Counts up to `limit` executions, the newest first. Returns what is counted then. */
  countHistory(limit: number): Promise<Coverage>;
}

/** What a store states about the past. */
export interface Insights extends Observations, Statistics, Rollups, RollupHistory {}
