// The rate at which an app may replay its notifications: an app that replays them in a loop would keep the one writer busy.

import { createTokenBucket, type TokenBucket } from '../../lib/token-bucket.ts';
import type { World } from '../../lib/world.ts';
import type { Identity } from '../middleware/identity.ts';
import { problem } from '../response/problem.ts';

/** Replays of an app at once. */
const BURST = 1_000;
const PER_SECOND = 50;
/** More replays of one request do not delay the next one further. */
const MAX_COUNTED = 15_000;

export type ReplayLimits = ReturnType<typeof createReplayLimits>;

export function createReplayLimits({ elapsed }: Pick<World, 'elapsed'>) {
  const buckets = new Map<string, TokenBucket>();
  const bucketOf = ({ kind, name }: Identity): TokenBucket | null => {
    if (kind !== 'app') return null;
    const bucket = buckets.get(name) ?? createTokenBucket(BURST, PER_SECOND / 1000, elapsed);
    buckets.set(name, bucket);
    return bucket;
  };
  return {
    /** Counts one replay. Returns null if the caller may replay now, else the response. Operators always may. */
    begin: (caller: Identity): Response | null => {
      const bucket = bucketOf(caller);
      // promise: app-replay-rate
      if (bucket === null || bucket.take(1)) return null;
      return tooManyReplays(Math.ceil(bucket.msUntil(1) / 1000));
    },
    /** Counts what a request replayed besides. The next request waits for it. */
    count: (caller: Identity, replayed: number): void => void bucketOf(caller)?.take(Math.min(replayed, MAX_COUNTED)),
  };
}

function tooManyReplays(seconds: number): Response {
  const detail = `An app may replay ${BURST} notifications at once, and ${PER_SECOND} a second after that. Nothing was replayed. Send it again in ${seconds} s.`;
  return problem('too-many-replays', detail, { headers: { 'retry-after': String(seconds) } });
}
