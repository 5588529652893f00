// Whether CXone is there, gives a token with the scopes that are needed, answers as the profile expects, and has the same time.

import type { Config } from '../../config/config.ts';
import { type CxoneClient, createCxone } from '../../cxone/client.ts';
import { TokenUnavailable } from '../../cxone/port.ts';
import type { Profile } from '../../cxone/profile/profile.ts';
import { type RecordedExchange, withTap } from '../../cxone/recording/tap.ts';
import { NETWORK_FETCHER } from '../../cxone/transport.ts';
import { parseRateLimitReset } from '../../lib/http/rate-limit-reset.ts';
import { SILENT } from '../../lib/log.ts';
import { NO_PROXIES, proxyFor } from '../../lib/proxy/proxy.ts';
import type { World } from '../../lib/world.ts';
import { checkPoll, type Trial, tryAction } from './calls.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { checkSites, type Site } from './network.ts';
import type { ProfilePlace } from './profile-place.ts';

const TIMEOUT_MS = 10_000;
/** A Date header is cut to the second, and the answer took its time. */
const CLOCK_WARN_MS = 5_000;
/** Beyond it tokens and signatures that have a time in them are refused. */
const CLOCK_FAIL_MS = 30_000;

export interface UpstreamOptions {
  readonly config: Config;
  readonly place: ProfilePlace;
  readonly world: World;
  /** Null: nothing is executed. */
  readonly trial: Trial | null;
}

/** Asks for a token and for an execution that cannot exist; executes nothing but the trial. */
export async function checkUpstream(options: UpstreamOptions): Promise<Check[]> {
  const { config, world, place, trial } = options;
  const { profile } = config.cxone;
  const seen: RecordedExchange[] = [];
  const wire = withTap(NETWORK_FETCHER, world, (one) => seen.push(one));
  const cxone = createCxone({
    ...{ ...config, ...config.cxone, world, fetcher: wire, proxies: config.proxies.cxone },
    ...{ log: SILENT, requestTimeoutMs: TIMEOUT_MS },
  });
  try {
    const sites = await checkSites(sitesOf(options), world);
    const token = await checkToken(cxone, options);
    const calls = { cxone, profile, place, seen, world };
    const called = token.some(({ level, name }) => level === 'fail' && name === 'upstream')
      ? []
      : [...(await checkPoll(calls)), ...(trial === null ? [] : await tryAction(calls, trial))];
    return [...sites, ...token, ...called, ...rateLimit(seen, world), checkClock(seen)];
  } finally {
    cxone.close();
  }
}

function sitesOf({ config: { cxone, proxies, publicUrl } }: UpstreamOptions): Site[] {
  const { discovery, issuer: ofProfile } = cxone.profile;
  const issuer = cxone.issuer ?? (discovery === null ? null : ofProfile);
  const sites = [
    { variable: 'CXONE_ORG_DOMAIN or CXONE_BASE_URL', url: cxone.baseUrl, rules: proxies.cxone },
    { variable: 'CXONE_TOKEN_URL', url: cxone.tokenUrl, rules: proxies.cxone },
    { variable: 'CXONE_ISSUER', url: issuer, rules: proxies.cxone },
    { variable: 'PUBLIC_URL', url: publicUrl, rules: NO_PROXIES },
  ];
  return sites.flatMap(({ variable, url, rules }) =>
    url === null ? [] : [{ variable, url, proxy: proxyFor(rules, new URL(url)) }],
  );
}

async function checkToken(cxone: CxoneClient, { config, place }: UpstreamOptions): Promise<Check[]> {
  const { profile } = config.cxone;
  try {
    await cxone.authorize();
    const base = await cxone.endpoints.baseUrl();
    const from = profile.token.kind === 'static' ? 'the token is from CXONE_TOKEN' : 'gives a token';
    return [ok('upstream', `${base} ${from}`), scopes(cxone.missingScopes(), profile)];
  } catch (error) {
    if (!(error instanceof TokenUnavailable)) throw error;
    return [fail('upstream', error.message, tokenAdvice(error, place))];
  }
}

function tokenAdvice({ message, httpStatus, errorCode }: TokenUnavailable, place: ProfilePlace): string {
  if (errorCode === 'unsupported_grant_type' || errorCode === 'invalid_request') {
    return `correct ${place.of('/token/grant')} and the other members of the token request`;
  }
  if (errorCode === 'invalid_scope') return `correct the scope in ${place.of('/token/parameters')}`;
  if ([400, 401, 403].includes(httpStatus) || errorCode !== null) return credentialAdvice(place);
  if (httpStatus === 407 || /\bthe proxy http/.test(message)) {
    return 'correct CXONE_PROXY, HTTPS_PROXY or HTTP_PROXY, or the rules of the proxy; CXONE_PROXY=none connects directly';
  }
  if (httpStatus === 429) return 'too many token requests: look for other programs with the same client, and wait';
  if (/it is a web page/.test(message)) {
    return `a page for people, for example to sign in, is at this address: correct CXONE_TOKEN_URL, ${place.of('/token/url')}, or the proxy`;
  }
  if (/that the token response names/.test(message)) {
    return `add the host to CXONE_ALLOWED_HOSTS if it is CXone's, set CXONE_BASE_URL, or correct ${place.of('/token/answer/baseUrl')}`;
  }
  if (httpStatus >= 300 && httpStatus <= 499) return `check CXONE_TOKEN_URL, and ${place.of('/token/url')}`;
  if (/no usable token at "[^"]*": it is not JSON/.test(message))
    return `check CXONE_TOKEN_URL, and ${place.of('/token/url')}`;
  // Without a code of OAuth, but in its own words.
  if (/no usable token at "[^"]*": (?!the response is incomplete)/.test(message)) return credentialAdvice(place);
  if (/no usable token/.test(message)) return `change ${place.of('/token/answer/accessToken')}`;
  return 'check CXONE_ORG_DOMAIN or CXONE_BASE_URL, CXONE_TOKEN_URL, and the way there (DNS, proxy, firewall)';
}

function credentialAdvice(place: ProfilePlace): string {
  return `check CXONE_CLIENT_ID, CXONE_CLIENT_SECRET or CXONE_PRIVATE_KEY, the access key, and ${place.of('/token/clientAuthentication')}`;
}

function scopes(missing: readonly string[], profile: Profile): Check {
  const { requiredScopes } = profile.token;
  if (requiredScopes.length === 0) return ok('scopes', 'the profile requires none');
  if (missing.length === 0) return ok('scopes', `none of ${requiredScopes.join(', ')} is missing`);
  const advice = 'grant them to the client in CXone: their lack is the cause of most 403 answers';
  return fail('scopes', `the token lacks ${missing.join(' and ')}`, advice);
}

/** By the rate limit headers of the responses; nothing while they have requests left. */
function rateLimit(seen: readonly RecordedExchange[], world: World): Check[] {
  const waits = seen.map(({ answer }) => (answer === null ? 0 : parseRateLimitReset(answer.headers, world.now())));
  const waitMs = Math.max(0, ...waits);
  if (waitMs === 0) return [];
  const message = `by its headers, CXone allows no further request for ${Math.ceil(waitMs / 1000)} s`;
  const advice =
    'lower RATE_LIMIT_PER_SECOND to the limit of the gateway, and look for other programs with the same client';
  return [warn('rate limit', message, advice)];
}

/** By the Date header of what was answered last. */
function checkClock(seen: readonly RecordedExchange[]): Check {
  const name = 'clock';
  const advice = 'compare it by hand: deadlines, tokens and the audit trail depend on it';
  const answered = seen.findLast(({ answer }) => answer !== null);
  if (answered === undefined) return warn(name, "cannot be compared with CXone's: it answered nothing", advice);
  const there = Date.parse(answered.answer?.headers.get('date') ?? '');
  if (Number.isNaN(there)) return warn(name, 'CXone does not say what time it is', advice);
  const ahead = Math.round(answered.startedAt + answered.durationMs / 2 - (there + 500));
  const seconds = (Math.abs(ahead) / 1000).toFixed(1);
  if (Math.abs(ahead) <= CLOCK_WARN_MS) return ok(name, `within ${seconds} s of CXone's`);
  const message = `${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} CXone's`;
  return (Math.abs(ahead) > CLOCK_FAIL_MS ? fail : warn)(name, message, 'set the clock right (NTP)');
}
