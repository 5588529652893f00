// The poll interval: as configured, but at least the profile's minimum. Pure.

import { type Profile, sendsCallbackUrl } from './profile.ts';

export interface PollInterval {
  /** First spacing of polls. */
  readonly pollIntervalMs: number;
  /** Minimum time between two polls of one execution, the last one included, and before the first one. */
  readonly minPollIntervalMs: number;
  /** CXone receives no callback URL. */
  readonly callbackless: boolean;
}

export function pollIntervalOf(profile: Profile, configuredMs: number): PollInterval {
  const minPollIntervalMs = (profile.poll?.minIntervalSeconds ?? 0) * 1000;
  return {
    minPollIntervalMs,
    pollIntervalMs: Math.max(configuredMs, minPollIntervalMs),
    callbackless: !sendsCallbackUrl(profile),
  };
}
