// The client's rate limit as a token bucket: so many requests a second, in bursts of as many.

import type { SimulatorOptions } from './options.ts';

export interface RateLimit {
  /** Takes one request's worth; 0, or the milliseconds until there would be one. */
  take(): number;
}

export function createRateLimit(settings: Pick<SimulatorOptions, 'world' | 'requestsPerSecond'>): RateLimit {
  const { world, requestsPerSecond: rate } = settings;
  let level = rate;
  let at = world.now();
  return {
    take: () => {
      if (rate <= 0) return 0;
      const now = world.now();
      level = Math.min(rate, level + (Math.max(0, now - at) / 1000) * rate);
      at = now;
      if (level < 1) return Math.ceil(((1 - level) / rate) * 1000);
      level -= 1;
      return 0;
    },
  };
}
