// The poll interval: as configured, but at least the profile's minimum. Pure.

import type { PollInterval } from '../port.ts';
import { type Profile, sendsCallbackUrl } from './profile.ts';

export function pollIntervalOf(profile: Profile, configuredMs: number): PollInterval {
  const minPollIntervalMs = (profile.poll?.minIntervalSeconds ?? 0) * 1000;
  return {
    minPollIntervalMs,
    pollIntervalMs: Math.max(configuredMs, minPollIntervalMs),
    callbackless: !sendsCallbackUrl(profile),
  };
}
