// Whether a page of another site made a browser send this: browsers add the password of HTTP Basic to whatever they send here.

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What browsers say of where a request came from (W3C Fetch Metadata): `none` is the user, by a bookmark or by typing. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);

/**
 * Browsers tell by Sec-Fetch-Site on https, and by Origin everywhere; what sends neither is no browser. Reading is left to
 * the rule that other sites cannot read what they ask for.
 */
export function isForged({ method, headers }: Request): boolean {
  if (SAFE_METHODS.has(method)) return false;
  const site = headers.get('sec-fetch-site');
  if (site !== null) return !OWN_SITES.has(site);
  const origin = headers.get('origin');
  // The scheme is left out: a proxy in front may have spoken TLS with the browser.
  return origin !== null && URL.parse(origin)?.host !== headers.get('host')?.toLowerCase();
}

export function isBasic(authorization: string | undefined): boolean {
  return /^basic /i.test(authorization ?? '');
}
