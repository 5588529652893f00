// The polling interval that results from the configuration and the upstream profile.

import { ConfigError, readVariable } from '../config/config.ts';
import type { PollInterval } from '../cxone/port.ts';
import { pollIntervalOf } from '../cxone/profile/poll-interval.ts';
import { loadProfile, type Profile, ProfileError } from '../cxone/profile/profile.ts';
import type { Variables } from './context.ts';

/** @throws {ConfigError} */
export function readPollInterval(env: Variables): PollInterval {
  return pollIntervalOf(readProfile(env), 1000 * readVariable(env, 'POLL_INTERVAL_SECONDS'));
}

function readProfile(env: Variables): Profile {
  try {
    return loadProfile(readVariable(env, 'CXONE_PROFILE') ?? null);
  } catch (error) {
    if (error instanceof ProfileError) throw new ConfigError([`CXONE_PROFILE: ${error.message}`]);
    throw error;
  }
}
