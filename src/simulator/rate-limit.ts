// The client's rate limit as a token bucket: `requestsPerSecond` requests a second, in bursts of the same size.

import { createTokenBucket } from '../lib/token-bucket.ts';
import type { SimulatorOptions } from './options.ts';

export interface RateLimit {
  /** Takes one request. Returns 0, or the milliseconds until the next one is allowed. */
  take(): number;
}

export function createRateLimit(settings: Pick<SimulatorOptions, 'world' | 'requestsPerSecond'>): RateLimit {
  const { world, requestsPerSecond: rate } = settings;
  const bucket = createTokenBucket(rate, rate / 1000, world.elapsed);
  return { take: () => (rate <= 0 || bucket.take(1) ? 0 : bucket.msUntil(1)) };
}
