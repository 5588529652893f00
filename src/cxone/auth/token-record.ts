// Records the calls that CXone accepted and refused with one token, to distinguish a bad token from a forbidden action.

import type { Requester } from '../port.ts';

/** How long a success of another call proves that the token is good, in milliseconds. */
const PROOF_MS = 10_000;

/** An action is forbidden after this many refusals, over at least this time in milliseconds. */
const MIN_REFUSALS = 3;
const MIN_REFUSED_MS = 5_000;

/** Calls that are remembered. */
const MAX_CALLS = 1_000;

/** The cause of a 401: the token, unknown while other calls pass with it, or the action. */
export type RefusalCause = 'token' | 'unknown' | 'action';

interface Refusals {
  readonly since: number;
  count: number;
  /** True if another action was submitted with the token since the first refusal. */
  othersPass: boolean;
}

export function createTokenRecord(elapsed: () => number) {
  let current = '';
  let accepted = new Map<string, number>();
  let refused = new Map<string, Refusals>();

  function begin(token: string): void {
    if (token === current && accepted.size + refused.size < MAX_CALLS) return;
    current = token;
    accepted = new Map();
    refused = new Map();
  }

  return {
    /** A request with the token, sent at `sentAt` (`World.elapsed`), was successful. */
    accepted: (token: string, requester: Requester, sentAt: number): void => {
      begin(token);
      const key = keyOf(requester);
      accepted.set(key, elapsed());
      refused.delete(key);
      if (requester.call !== 'execute') return;
      for (const refusals of refused.values()) refusals.othersPass ||= sentAt >= refusals.since;
    },
    /** CXone responded 401 to a request with the token. */
    refused: (token: string, requester: Requester): RefusalCause => {
      begin(token);
      const key = keyOf(requester);
      const refusals = refused.get(key) ?? { since: elapsed(), count: 0, othersPass: false };
      refusals.count += 1;
      refused.set(key, refusals);
      const lasting = refusals.count >= MIN_REFUSALS && elapsed() - refusals.since >= MIN_REFUSED_MS;
      // promise: only-forbidden-actions-are-rejected
      if (refusals.othersPass && lasting) return 'action';
      // A call that passed before is not forbidden: the token has expired or was revoked.
      if (accepted.has(key)) return 'token';
      const proven = [...accepted.values()].some((at) => elapsed() - at <= PROOF_MS);
      // promise: proven-token-is-kept
      return proven ? 'unknown' : 'token';
    },
  };
}

function keyOf({ call, actionId }: Requester): string {
  return `${call} ${actionId}`;
}
