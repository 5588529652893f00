// The events of a simulated history as plain data, so that a history can be printed, shortened and replayed.

/** How CXone, and the network before it, handle one POST of an execution. "ran": CXone accepted it and runs it. */
export const POST_FATES = [
  'accept',
  'accept without id',
  'accept with the outcome',
  'accept, answer cut off',
  'accept with a web page',
  '429',
  '503',
  '401',
  'refuse 400',
  'refuse 403',
  '500 ran',
  '500 did not run',
  '502 ran',
  'redirect ran',
  'connection refused',
  'name not found',
  'reset before sending',
  'reset, lost',
  'reset, ran',
  'hang, lost',
  'hang, ran',
] as const;
export type PostFate = (typeof POST_FATES)[number];

export const POLL_FATES = [
  'truth',
  'running',
  '404',
  '404 for good',
  '429',
  '503',
  '500',
  '401',
  'a web page',
  'another outcome',
  'connection refused',
  'reset',
  'hang',
] as const;
export type PollFate = (typeof POLL_FATES)[number];

export const CALLBACK_WORDS = [
  'outcome',
  'outcome without id',
  'outcome as a form',
  'another outcome',
  'progress',
  'garbled',
  'empty',
  'not UTF-8',
  'huge',
  'of another execution',
] as const;
export type CallbackWords = (typeof CALLBACK_WORDS)[number];

export const TOKEN_FATES = ['500', '429', '401', 'a web page', 'reset', 'hang', 'connection refused', 'short'] as const;
export type TokenFate = (typeof TOKEN_FATES)[number];

export const FORGERIES = [
  'another signature',
  'the signature of another',
  'no token at all',
  'a trailing bit',
] as const;
export type Forgery = (typeof FORGERIES)[number];

export const OUTAGES = ['connection refused', '503', '429', '500', 'reset, lost', 'hang, lost'] as const;
export type Outage = (typeof OUTAGES)[number];

/** A callback that CXone sends by itself: after the POST arrived ("early", before the response) or after the run ended. */
export interface PlannedCallback {
  readonly after: 'receipt' | 'end';
  readonly delayMs: number;
  readonly words: CallbackWords;
  /** The number of repetitions by CXone, five seconds apart, without a 2xx. */
  readonly retries: number;
}

/** The behaviour of CXone for the executions of one submission. */
export interface Fate {
  /** For each POST in turn; past the end "accept". */
  readonly posts: readonly PostFate[];
  /** For each poll in turn; past the end "truth". */
  readonly polls: readonly PollFate[];
  readonly callbacks: readonly PlannedCallback[];
  readonly outcome: 'COMPLETED' | 'FAILED';
  /** Null: it never ends. */
  readonly runMs: number | null;
  readonly latencyMs: number;
}

export interface SubmissionFields {
  readonly timeoutSeconds: number;
  readonly graceSeconds: number;
  readonly retryUncertain: boolean;
}

export type Change = 'same' | 'members in another order' | 'another body' | 'another app';

/** The request of an app, alone or in a batch. */
export interface Order {
  readonly slot: number;
  /** By a correlation id. */
  readonly named: boolean;
  readonly fields: SubmissionFields;
  readonly fate: Fate;
}

export type Act =
  | (Order & {
      readonly type: 'submit';
      /** With an Idempotency-Key. */
      readonly keyed: boolean;
      readonly wait: number | null;
    })
  | { readonly type: 'submit again'; readonly slot: number; readonly change: Change }
  | { readonly type: 'batch'; readonly orders: readonly Order[]; readonly keyed: boolean; readonly atomic: boolean }
  /** The batch of the slot, if that batch has a key. */
  | { readonly type: 'batch again'; readonly slot: number; readonly change: Change }
  | { readonly type: 'cancel'; readonly slot: number }
  /** An operator requests a poll. */
  | { readonly type: 'poll'; readonly slot: number }
  | { readonly type: 'look'; readonly slot: number; readonly wait: number | null }
  | { readonly type: 'callback'; readonly slot: number; readonly words: CallbackWords }
  | { readonly type: 'forged callback'; readonly slot: number; readonly forgery: Forgery }
  | { readonly type: 'outage'; readonly outage: Outage; readonly ms: number }
  | { readonly type: 'token trouble'; readonly fates: readonly TokenFate[] }
  | { readonly type: 'tokens revoked' }
  | { readonly type: 'time passes'; readonly ms: number }
  | { readonly type: 'clock is set'; readonly ms: number }
  /** During the next step, after this number of awaits has continued, or at its end. The clock is set by `clockMs` meanwhile. */
  | { readonly type: 'crash'; readonly awaits: number; readonly downMs: number; readonly clockMs: number }
  | { readonly type: 'orderly restart'; readonly downMs: number; readonly clockMs: number };

export type Step = Act & {
  /** The next step starts before this one has settled. */
  readonly together: boolean;
};

export interface Settings {
  /** The effect of a callback (CALLBACK_TRUST). */
  readonly trust: 'signature' | 'verify';
  readonly maxConcurrent: number;
  readonly ratePerSecond: number;
  readonly queueCapacity: number;
  readonly queueTimeoutSeconds: number;
  readonly pollIntervalSeconds: number;
}

export interface History {
  readonly seed: number;
  readonly settings: Settings;
  readonly steps: readonly Step[];
}
