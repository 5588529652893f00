// How CXone may be polled: as often as configured, but no more often than the profile allows. Pure.

import { type Profile, sendsCallbackUrl } from './profile.ts';

export interface PollInterval {
  /** First spacing of polls. */
  readonly pollIntervalMs: number;
  /** Polls of one execution are at least so far apart. */
  readonly minPollIntervalMs: number;
  /** CXone is not told where to call back. */
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
