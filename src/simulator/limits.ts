// Limits of requests: a rate as a token bucket, and a quota in fixed windows, as gateways count them, with its headers.

import { createTokenBucket } from '../lib/token-bucket.ts';
import type { SimulatorOptions } from './options.ts';

export interface Quota {
  /** Counts one request. Returns whether it is allowed, and the headers of its response. */
  take(): { readonly allowed: boolean; readonly headers: Readonly<Record<string, string>> };
}

type Settings = Pick<SimulatorOptions, 'world' | 'quota' | 'quotaWindowMs' | 'quotaHeaders'>;

export function createQuota({ world, quota, quotaWindowMs, quotaHeaders }: Settings): Quota {
  let window = Number.NEGATIVE_INFINITY;
  let taken = 0;
  return {
    take: () => {
      if (quota === 0) return { allowed: true, headers: {} };
      const now = world.now();
      const current = Math.floor(now / quotaWindowMs);
      if (current !== window) taken = 0;
      window = current;
      const allowed = taken < quota;
      if (allowed) taken += 1;
      const seconds = Math.ceil(((current + 1) * quotaWindowMs - now) / 1000);
      return {
        allowed,
        headers: headersOf(quotaHeaders, { limit: quota, remaining: quota - taken, seconds, allowed }),
      };
    },
  };
}

interface Count {
  readonly limit: number;
  readonly remaining: number;
  /** Until the window ends. */
  readonly seconds: number;
  readonly allowed: boolean;
}

function headersOf(
  form: Settings['quotaHeaders'],
  { limit, remaining, seconds, allowed }: Count,
): Record<string, string> {
  switch (form) {
    case 'x-ratelimit':
      return {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(remaining),
        'x-ratelimit-reset': String(seconds),
      };
    case 'ratelimit':
      return { ratelimit: `limit=${limit}, remaining=${remaining}, reset=${seconds}` };
    case 'structured':
      return { 'ratelimit-policy': `"default";q=${limit}`, ratelimit: `"default";r=${remaining};t=${seconds}` };
    case 'none':
      return allowed ? {} : { 'retry-after': String(seconds) };
    default:
      return form satisfies never;
  }
}

export interface RateLimit {
  /** Takes one request. Returns 0, or the milliseconds until the next one is allowed. */
  take(): number;
}

export function createRateLimit(settings: Pick<SimulatorOptions, 'world' | 'requestsPerSecond'>): RateLimit {
  const { world, requestsPerSecond: rate } = settings;
  const bucket = createTokenBucket(rate, rate / 1000, world.elapsed);
  return { take: () => (rate <= 0 || bucket.take(1) ? 0 : bucket.msUntil(1)) };
}
