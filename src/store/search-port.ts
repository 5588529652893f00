// How many executions a filter matches, and how far a search by text has come.

export interface PageOfSearch {
  /** Number of executions that were read for the page. */
  readonly scanned: number;
  /** When the oldest of them was submitted, milliseconds; null at the end. */
  readonly reachedAt: number | null;
}

export interface SearchProgress {
  /** Number of executions that were searched, and of those in the range of the search. */
  readonly searched: number;
  readonly total: number;
  /** When the last one was submitted, milliseconds; null before the first page. */
  readonly reachedAt: number | null;
}

export interface MatchCount {
  readonly count: number;
  /** False if there are more, or may be. */
  readonly isWhole: boolean;
}
