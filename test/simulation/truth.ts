// The actual history at CXone, with which the receiver's database is compared.

import type { Said } from './callback-bodies.ts';
import type { CallbackWords, PollFate, PostFate } from './history.ts';

/** One POST of an execution, as the receiver sent it. */
export interface Post {
  readonly correlationId: string;
  readonly fate: PostFate;
  /** Whether the receiver has proof that it was not processed. */
  unprocessed: boolean;
  /** 0 until the receiver has a response. */
  status: number;
}

/** An execution that CXone accepted. */
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
  /** Null: no response. */
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
  /** The reports of CXone about an execution, over any channel. */
  readonly said: Map<string, Said[]>;
  /** HTTP statuses with which it refused a POST for good. */
  readonly refusals: Map<string, number[]>;
}
