// Detects cross-site request forgery: browsers add HTTP Basic credentials to requests that other sites cause.

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Values of Sec-Fetch-Site (W3C Fetch Metadata) for own requests; `none` is a bookmark or a typed address. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);

/**
 * Returns true for a request that another site caused. Browsers send Sec-Fetch-Site over https, and Origin everywhere; other
 * clients send neither. Safe methods pass, because the same-origin policy hides their responses from other sites.
 */
export function isForged({ method, headers }: Request): boolean {
  if (SAFE_METHODS.has(method)) return false;
  const site = headers.get('sec-fetch-site');
  if (site !== null) return !OWN_SITES.has(site);
  const origin = headers.get('origin');
  // The scheme is not compared, because a proxy may terminate TLS.
  return origin !== null && URL.parse(origin)?.host !== headers.get('host')?.toLowerCase();
}

export function isBasic(authorization: string | undefined): boolean {
  return /^basic /i.test(authorization ?? '');
}
