// The submission rate of each app, and its RateLimit headers (draft-ietf-httpapi-ratelimit-headers-10).

import type { Context } from 'hono';
import { createSharedTokenBucket, createTokenBucket, type TokenBucket } from '../../lib/token-bucket.ts';
import type { World } from '../../lib/world.ts';
import type { SubmissionRates } from '../../store/rates-port.ts';
import { withFields } from '../response/json.ts';
import { problem } from '../response/problem.ts';
import type { Identity } from './identity.ts';

export type RateLimits = ReturnType<typeof createRateLimits>;

export interface RateRules {
  /** Submissions per second, of each app with a limit. */
  readonly appRates: ReadonlyMap<string, number>;
  /** Queued executions, of each app with a share of its own. */
  readonly appQueueCapacities: ReadonlyMap<string, number>;
  readonly queueCapacity: number;
}

type Handler = (c: Context, caller: Identity) => Promise<Response>;

interface Bucket extends Pick<TokenBucket, 'level' | 'msUntil'> {
  take(count: number): boolean | Promise<boolean>;
}

/** @param shared null if this receiver is the only one */
export function createRateLimits(
  { elapsed }: Pick<World, 'elapsed'>,
  rules: RateRules,
  shared: SubmissionRates | null = null,
) {
  const bucketOf = (app: string, rate: number): Bucket => {
    // The burst is the rate of one second.
    const limits = { capacity: rate, gainPerMs: rate / 1000 };
    if (shared === null) return createTokenBucket(limits.capacity, limits.gainPerMs, elapsed);
    // promise: app-rate-of-all-receivers
    return createSharedTokenBucket((counts) => shared.takeSubmissions(app, rate, counts), limits, elapsed);
  };
  const buckets = new Map(
    [...rules.appRates].map(([app, rate]) => [app, { rate, bucket: bucketOf(app, rate) }] as const),
  );

  return {
    /**
     * Takes `count` tokens from the app's bucket. Returns null if allowed: one remaining token admits a whole batch, and the bucket
     * goes into debt. Returns the 429 response otherwise. `count` 0 checks without taking.
     */
    take: async (app: string, count: number): Promise<Response | null> => {
      const limit = buckets.get(app);
      // promise: app-rate-limit
      if (limit === undefined || (await limit.bucket.take(count))) return null;
      const seconds = secondsUntil(limit.bucket, 1);
      const detail = `This app may submit ${limit.rate} executions a second. Nothing was accepted. Send it again in ${seconds} s.`;
      return problem('rate-limited', detail, {
        headers: { 'retry-after': String(seconds), ...submissionsLeft(limit.rate, limit.bucket) },
      });
    },
    /** Adds the rest of the app's rate to a response, and the limit that a 429 reached. */
    addHeaders: (app: string, response: Response): Response => {
      const limit = buckets.get(app);
      const isRefused = response.status === 429;
      if (limit === undefined && !isRefused) return response;
      // A batch that was refused for its rate has the headers already.
      if (response.headers.has('ratelimit')) return response;
      const limited = limit === undefined ? response : withFields(response, submissionsLeft(limit.rate, limit.bucket));
      if (!isRefused) return limited;
      return withFields(limited, queueFull(rules.appQueueCapacities.get(app) ?? rules.queueCapacity, limited));
    },
  };
}

/** Calls the handler if the app's rate allows `count` submissions; 0 if the handler takes them itself. */
export function withRateLimit(rates: RateLimits, count: number, handler: Handler): Handler {
  return async (c, caller) =>
    (await rates.take(caller.name, count)) ?? rates.addHeaders(caller.name, await handler(c, caller));
}

function submissionsLeft(rate: number, bucket: Bucket): LimitFields {
  const left = Math.max(0, Math.floor(bucket.level() + 1e-6));
  // With tokens left, the time until the bucket is full; without, until the next token.
  const seconds = secondsUntil(bucket, left > 0 ? rate : 1);
  return limitFields(`"submissions";q=${rate};w=1`, `"submissions";r=${left};t=${seconds}`);
}

/** After the rate check, a 429 can only mean a full queue. */
function queueFull(capacity: number, response: Response): LimitFields {
  return limitFields(`"queue";q=${capacity}`, `"queue";r=0;t=${response.headers.get('retry-after') ?? 0}`);
}

type LimitFields = Readonly<Record<'ratelimit-policy' | 'ratelimit', string>>;

function limitFields(policy: string, limit: string): LimitFields {
  return { 'ratelimit-policy': policy, ratelimit: limit };
}

function secondsUntil(bucket: Bucket, level: number): number {
  return Math.ceil(bucket.msUntil(level) / 1000);
}
