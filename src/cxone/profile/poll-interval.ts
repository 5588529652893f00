// How CXone may be polled: as often as configured, but no more often than the profile allows. Pure.

import { callsBack, type Profile } from './profile.ts';

export interface Pace {
  /** First spacing of polls. */
  readonly pollIntervalMs: number;
  /** Polls of one execution are at least so far apart. */
  readonly minPollIntervalMs: number;
  /** CXone is not told where to call back. */
  readonly callbackless: boolean;
}

export function paceOf(profile: Profile, configuredMs: number): Pace {
  const minPollIntervalMs = (profile.poll?.minIntervalSeconds ?? 0) * 1000;
  return {
    minPollIntervalMs,
    pollIntervalMs: Math.max(configuredMs, minPollIntervalMs),
    callbackless: !callsBack(profile),
  };
}
