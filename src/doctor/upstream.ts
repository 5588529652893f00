// Whether CXone is there, gives a token with the scopes that are needed, and has the same time.

import type { Config } from '../config/config.ts';
import { createCxone } from '../cxone/client.ts';
import { TokenUnavailable } from '../cxone/port.ts';
import type { Profile } from '../cxone/profile.ts';
import { type Log, reasonOf } from '../log.ts';
import type { World } from '../world.ts';
import { type Check, fail, ok, warn } from './check.ts';

const TIMEOUT_MS = 10_000;
/** A Date header is cut to the second, and the answer took its time. */
const CLOCK_WARN_MS = 5_000;
const CLOCK_FAIL_MS = 60_000;

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Asks for one token and for one header; no action is executed and none is polled. */
export async function checkUpstream(config: Config, profile: Profile, world: World): Promise<Check[]> {
  const [token, clock] = await Promise.all([checkToken(config, profile, world), checkClock(config, world)]);
  return [...token, clock];
}

async function checkToken(config: Config, profile: Profile, world: World): Promise<Check[]> {
  const cxone = createCxone({ ...config, ...config.cxone, profile, world, log: SILENT, requestTimeoutMs: TIMEOUT_MS });
  try {
    await cxone.authorize();
    const missing = cxone.missingScopes();
    return [ok('upstream', `${config.cxone.baseUrl} gives a token`), scopes(missing, profile)];
  } catch (error) {
    if (!(error instanceof TokenUnavailable)) throw error;
    const refused = /answered the token request with 40[013]/.test(error.message);
    const advice = refused
      ? 'check CXONE_CLIENT_ID and CXONE_CLIENT_SECRET, and clientAuthentication in the profile'
      : 'check CXONE_ORG_DOMAIN or CXONE_BASE_URL, CXONE_TOKEN_URL, and the way there (DNS, proxy, firewall)';
    return [fail('upstream', error.message, advice)];
  } finally {
    cxone.close();
  }
}

function scopes(missing: readonly string[], profile: Profile): Check {
  if (missing.length === 0) return ok('scopes', `none of ${profile.token.requiredScopes.join(', ')} is missing`);
  const advice = 'grant them to the client in CXone: their lack is the cause of most 403 answers';
  return fail('scopes', `the token lacks ${missing.join(' and ')}`, advice);
}

async function checkClock({ cxone }: Config, world: World): Promise<Check> {
  const name = 'clock';
  const advice = 'compare it by hand: deadlines and the audit trail depend on it';
  const begun = world.now();
  let header: string | null;
  try {
    const request = { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
    const answer = await fetch(cxone.baseUrl, request);
    header = answer.headers.get('date');
  } catch (error) {
    return warn(name, `cannot be compared with CXone's: ${reasonOf(error)}`, advice);
  }
  const there = Date.parse(header ?? '');
  if (Number.isNaN(there)) return warn(name, 'CXone does not say what time it is', advice);
  const ahead = Math.round((begun + world.now()) / 2 - (there + 500));
  const seconds = (Math.abs(ahead) / 1000).toFixed(1);
  if (Math.abs(ahead) <= CLOCK_WARN_MS) return ok(name, `within ${seconds} s of CXone's`);
  const message = `${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} CXone's`;
  return (Math.abs(ahead) > CLOCK_FAIL_MS ? fail : warn)(name, message, 'set the clock right (NTP)');
}
