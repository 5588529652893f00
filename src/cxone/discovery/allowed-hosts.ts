// Hosts to which CXone's discovery may point: the token is sent there, so an operator must have named them.

import type { Json } from '../../execution/json.ts';

/** Host names of this machine. */
export const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

export interface AllowedHosts {
  /** Returns why a discovered URL is refused; null if it is allowed. */
  problemOf(named: Json): string | null;
}

/** `patterns`: host names, or `*.` and a domain for all below it. The hosts of `configured` URLs are allowed as well. */
export function createAllowedHosts(patterns: readonly string[], configured: readonly (string | null)[]): AllowedHosts {
  const own = configured.flatMap((url) => URL.parse(url ?? '')?.hostname ?? []);
  const allows = (host: string) =>
    own.includes(host) ||
    patterns.some((pattern) => (pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern));

  return {
    problemOf: (named) => {
      const url = typeof named === 'string' ? URL.parse(named) : null;
      if (url === null || /[\s\\]/.test(String(named))) return 'is not an absolute URL';
      const { protocol, hostname } = url;
      if (url.username !== '' || url.password !== '' || url.hash !== '')
        return 'has a user name, a password or a fragment';
      if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.test(hostname))) return 'is not https';
      // promise: credentials-to-allowed-hosts
      if (allows(hostname)) return null;
      return `leads to ${hostname.slice(0, 253)}, which is not among CXONE_ALLOWED_HOSTS`;
    },
  };
}
