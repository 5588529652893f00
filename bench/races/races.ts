// The twelve races, and the form in which the run of one is reported.

/** The names of the races, in the order of the page, with their questions. */
export const RACES = {
  early: 'The completion arrives before the response to the submission',
  duplicate: 'The same completion arrives twice',
  conflict: 'Two different completions arrive',
  late: 'The completion arrives after the timeout',
  cancelled: 'The completion arrives after a cancel',
  unknown: 'A completion names an unknown id',
  downtime: 'The deadline passes while the service is down',
  crash: 'A completion is acknowledged, then kill -9',
  key: 'An idempotency key is used again with another body',
  numbers: 'The result has numbers beyond 2^53, -0 and 1.0',
  large: 'The result has 40 MiB',
  lost: 'The completion is lost',
} as const;

export type RaceName = keyof typeof RACES;

export const RACE_NAMES = Object.keys(RACES) as RaceName[];

/** What each side saw, as Markdown in one line. */
export interface Cells {
  /** The response to the sender of the completion. */
  readonly sender: string;
  /** The result for the program that waits for it. */
  readonly waiter: string;
  /** What an operator finds afterwards. */
  readonly operator: string;
}

export type Outcome = Cells | NotMeasured;

export interface NotMeasured {
  /** The reason. */
  readonly notMeasured: string;
}

/** How the roles of a race map to the terms of a contestant, as Markdown in one line. */
export interface Mapping {
  readonly execution: string;
  readonly sender: string;
  readonly waiter: string;
  readonly operator: string;
}

/** The results of one contestant. */
export interface Report {
  readonly name: string;
  /** Versions of what ran, for example `12.38.0 on PostgreSQL 15.18`. */
  readonly versions: string;
  /** ISO 8601. */
  readonly at: string;
  readonly mapping: Mapping;
  readonly races: Readonly<Record<RaceName, Outcome>>;
}

export interface Started {
  readonly versions: string;
  readonly races: Readonly<Record<RaceName, () => Promise<Outcome>>>;
  stop(): Promise<void>;
}

export interface Contestant {
  readonly name: string;
  readonly mapping: Mapping;
  /** @throws Unavailable when this machine lacks something that it needs. */
  start(ground: Ground): Promise<Started>;
}

export interface Ground {
  /** A folder for data and logs, which is deleted at the end. */
  readonly scratch: string;
  /** A folder for the packages of the contestant. */
  readonly packages: string;
}

/** Something that the contestant needs is not on this machine; the message names it. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** Joins what was seen one after the other. */
export function inOrder(...seen: readonly string[]): string {
  return seen.join(', then ');
}

/** Renders a value as a code span in Markdown, which contains no backtick. */
export function code(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `\`${text.replaceAll('`', "'")}\``;
}
