// What incidents are detected from: samples of recent events, and the state of the receiver's parts. Pure.

/** The reason of a request without a response. */
export const NO_RESPONSE = 'does not respond';

/** The outcome of one request to CXone. */
export interface RequestSample {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly result: 'passed' | 'failed' | 'limited' | 'no-token';
  /** In words, for example `answers 503`; empty for a request that passed. */
  readonly reason: string;
  readonly reference: string;
  readonly actionId: string;
  readonly app: string;
}

/** The end of one execution. */
export interface EndSample extends Omit<RequestSample, 'result' | 'reason'> {
  readonly end: 'timeout' | 'rejected' | 'other';
  /** True if a callback was expected and had not come. */
  readonly missed: boolean;
  /** False for an outcome that says nothing about callbacks. */
  readonly countsForCallbacks: boolean;
}

/** Requests to the callback URL within one second. `refused` is the reason; null for genuine callbacks. */
export interface CallbackSample {
  /** The first of them. */
  readonly at: number;
  readonly refused: string | null;
  readonly count: number;
}

/** A commit that takes longer, in milliseconds, is slow. */
export const SLOW_COMMIT_MS = 250;

/** Commits within one second, slow or not. */
export interface CommitSample {
  /** The first of them. */
  readonly at: number;
  readonly isSlow: boolean;
  readonly count: number;
}

/** An execution that was reported under a status word that the profile does not list. */
export interface WordSample extends Omit<RequestSample, 'result' | 'reason'> {
  readonly word: string;
}

/** A notification that was given up. */
export type DeadSample = Omit<RequestSample, 'result' | 'reason'>;

/** Oldest first. */
export interface Samples {
  readonly requests: readonly RequestSample[];
  readonly ends: readonly EndSample[];
  readonly callbacks: readonly CallbackSample[];
  readonly commits: readonly CommitSample[];
  readonly words: readonly WordSample[];
  readonly dead: readonly DeadSample[];
}

/** Missing callbacks of one action, compared with the days before. */
export interface MissedCallbacks {
  readonly actionId: string;
  readonly missed: number;
  readonly outcomes: number;
  /** The share before; null without a baseline. */
  readonly shareBefore: number | null;
}

export interface CircuitState {
  readonly app: string;
  readonly origin: string;
  readonly failure: string | null;
  readonly failures: number;
  readonly since: number;
  /** Notifications that wait, up to a limit. */
  readonly waiting: number;
}

/** Why the operators' webhook accepts no events, and since when. */
export interface WebhookProblem {
  readonly since: number;
  readonly reason: string;
}

/** An execution that waits in the queue, whether or not its own request was tried. */
export type HeldUp = Pick<RequestSample, 'reference' | 'actionId' | 'app'>;

export interface QueueSignal {
  readonly queued: number;
  readonly capacity: number;
  readonly oldestQueuedAt: number | null;
  /** How long the oldest one had waited when the queue was read, which may be some time ago. */
  readonly waitedMs: number;
}

export interface Signals {
  readonly now: number;
  readonly samples: Samples;
  readonly tokenProblem: { readonly reason: string; readonly since: number } | null;
  readonly connectionProblems: readonly { readonly origin: string; readonly reason: string; readonly since: number }[];
  readonly pause: { readonly since: number; readonly until: number; readonly httpStatus: number } | null;
  readonly queue: QueueSignal;
  /** What is queued while the queue is held up, or is filling up; of very much, what was read so far. */
  readonly heldUp: readonly HeldUp[];
  /** Null while the data of the days before is incomplete: nothing is then compared. */
  readonly missedCallbacks: readonly MissedCallbacks[] | null;
  readonly circuits: readonly CircuitState[];
  /** Null: the webhook accepts events, or there is none. */
  readonly webhookProblem: WebhookProblem | null;
  readonly stuckLoops: readonly string[];
  /** Null: unknown. */
  readonly diskFreeBytes: number | null;
  /** Null: the database has no file here. */
  readonly walBytes: number | null;
  readonly clockStep: { readonly from: number; readonly to: number } | null;
  /** From when to when no receiver ran before this start; null if one ran. */
  readonly absence: { readonly from: number; readonly to: number } | null;
}
