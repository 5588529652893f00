// How many submissions an app may make a second, and how it is told what is left (draft-ietf-httpapi-ratelimit-headers-10).

import type { Context } from 'hono';
import { createTokenBucket, type TokenBucket } from '../../lib/token-bucket.ts';
import type { World } from '../../lib/world.ts';
import { problem } from '../response/problem.ts';
import type { Identity } from './identity.ts';

export interface RateLimits {
  /**
   * Counts so many submissions of this app. Null when it may make them: as long as one is left, even if they are more than are
   * left; what they are too many is waited for afterwards. Else the answer that says so. 0 asks and counts nothing.
   */
  take(app: string, count: number): Response | null;
  /** Has an answer to this app tell what is left of its rate, and which limit it ran into. */
  addHeaders(app: string, answer: Response): Response;
}

export interface RateRules {
  /** Submissions a second, of each app that may not make as many as it likes. */
  readonly appRates: ReadonlyMap<string, number>;
  /** Executions that may be queued, of each app that has a share of its own. */
  readonly appQueueCapacities: ReadonlyMap<string, number>;
  readonly queueCapacity: number;
}

type Handler = (c: Context, caller: Identity) => Promise<Response>;

export function createRateLimits({ now }: Pick<World, 'now'>, rules: RateRules): RateLimits {
  const buckets = new Map(
    // As many as are gained in a second may come at once.
    [...rules.appRates].map(
      ([app, rate]) => [app, { rate, bucket: createTokenBucket(rate, rate / 1000, now) }] as const,
    ),
  );

  return {
    take: (app, count) => {
      const limit = buckets.get(app);
      // promise: app-rate-limit
      if (limit === undefined || limit.bucket.take(count)) return null;
      const seconds = secondsUntil(limit.bucket, 1);
      const detail = `This app may submit ${limit.rate} executions a second. Nothing was accepted. Send it again in ${seconds} s.`;
      return problem('rate-limited', detail, {
        headers: { 'retry-after': String(seconds), ...submissionsLeft(limit.rate, limit.bucket) },
      });
    },
    addHeaders: (app, answer) => {
      const limit = buckets.get(app);
      if (limit === undefined && answer.status !== 429) return answer;
      // What was refused for its rate after the door has said so itself.
      if (answer.headers.has('ratelimit')) return answer;
      if (limit !== undefined) appendFields(answer, submissionsLeft(limit.rate, limit.bucket));
      if (answer.status === 429)
        appendFields(answer, queueFull(rules.appQueueCapacities.get(app) ?? rules.queueCapacity, answer));
      return answer;
    },
  };
}

/** Lets a submission in when the app's rate allows so many (0: the handler counts), before anything is done for it. */
export function withRateLimit(rates: RateLimits, count: number, handler: Handler): Handler {
  return async (c, caller) => rates.take(caller.name, count) ?? rates.addHeaders(caller.name, await handler(c, caller));
}

function submissionsLeft(rate: number, bucket: TokenBucket): LimitFields {
  const left = Math.max(0, Math.floor(bucket.level() + 1e-6));
  // When some are left, until all are there again; when none is, until one is there.
  const seconds = secondsUntil(bucket, left > 0 ? rate : 1);
  return limitFields(`"submissions";q=${rate};w=1`, `"submissions";r=${left};t=${seconds}`);
}

/** Once it was let in, the queue alone can have no room for it. */
function queueFull(capacity: number, answer: Response): LimitFields {
  return limitFields(`"queue";q=${capacity}`, `"queue";r=0;t=${answer.headers.get('retry-after') ?? 0}`);
}

function appendFields(answer: Response, told: LimitFields): void {
  for (const [name, value] of Object.entries(told)) answer.headers.append(name, value);
}

type LimitFields = Readonly<Record<'ratelimit-policy' | 'ratelimit', string>>;

function limitFields(policy: string, limit: string): LimitFields {
  return { 'ratelimit-policy': policy, ratelimit: limit };
}

function secondsUntil(bucket: TokenBucket, level: number): number {
  return Math.ceil(bucket.msUntil(level) / 1000);
}
