// What really happened at CXone: the receiver's database is held against this.

import type { Said } from './callback-bodies.ts';
import type { CallbackWords, PollFate, PostFate } from './history.ts';

/** One POST of an execution, as far as the receiver made it. */
export interface Post {
  readonly correlationId: string;
  readonly fate: PostFate;
  /** Whether the receiver was told for sure that it was not processed. */
  unprocessed: boolean;
  /** 0 until the receiver was answered. */
  status: number;
}

/** An execution that CXone took. */
export interface Run {
  readonly correlationId: string;
  readonly executionId: string;
  readonly callbackUrl: string;
  readonly slot: number;
  readonly outcome: Said;
  readonly endsAt: number;
}

export interface Delivery {
  readonly run: Run;
  readonly words: CallbackWords;
  readonly bytes: Uint8Array;
  readonly names: string | null;
  readonly says: Said | null;
  /** Null: no answer came. */
  answer: { readonly status: number; readonly outcome: string | null } | null;
}

export interface Poll {
  readonly correlationId: string;
  /** Wall clock. */
  readonly at: number;
  readonly fate: PollFate;
  readonly answered: 'running' | 'ended' | 'no outcome';
}

export interface Truth {
  readonly posts: Post[];
  readonly runs: Run[];
  readonly polls: Poll[];
  readonly deliveries: Delivery[];
  /** What CXone ever said of an execution, over whichever way. */
  readonly said: Map<string, Said[]>;
  /** HTTP statuses with which it refused a POST for good. */
  readonly refusals: Map<string, number[]>;
}
