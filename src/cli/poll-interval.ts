// How CXone is polled by what is configured, for commands that reckon with it.

import { ConfigError, readVariable } from '../config/config.ts';
import { type PollInterval, pollIntervalOf } from '../cxone/profile/poll-interval.ts';
import { loadProfile, type Profile, ProfileError } from '../cxone/profile/profile.ts';

type Given = Readonly<Record<string, string | undefined>>;

/** @throws {ConfigError} */
export function readPace(env: Given): PollInterval {
  return pollIntervalOf(readProfile(env), 1000 * readVariable(env, 'POLL_INTERVAL_SECONDS'));
}

function readProfile(env: Given): Profile {
  try {
    return loadProfile(readVariable(env, 'CXONE_PROFILE') ?? null);
  } catch (error) {
    if (error instanceof ProfileError) throw new ConfigError([`CXONE_PROFILE: ${error.message}`]);
    throw error;
  }
}
