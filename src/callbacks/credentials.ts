// Secrets that a caller repeats word for word in a header: any of several, so that one can be replaced by the next.

import { hash, timingSafeEqual } from 'node:crypto';

/** What the Authorization header may carry: Basic (RFC 7617, `user:password`) or a bearer token (RFC 6750). */
export interface Credential {
  readonly scheme: 'basic' | 'bearer';
  readonly secret: string;
}

/** Whether a header's value is one of those accepted; the time it takes tells nothing about them. */
export function createSecretCheck(accepted: readonly string[]): (given: string | null) => boolean {
  const digests = accepted.map((secret) => digest(Buffer.from(secret)));
  return (given) => given !== null && isOneOf(digests, Buffer.from(given, 'latin1'));
}

/** The same for the Authorization header. */
export function createCredentialCheck(accepted: readonly Credential[]): (authorization: string | null) => boolean {
  const digestsOf = (scheme: Credential['scheme']) =>
    accepted.filter((one) => one.scheme === scheme).map(({ secret }) => digest(Buffer.from(secret)));
  const [basic, bearer] = [digestsOf('basic'), digestsOf('bearer')];
  return (authorization) => {
    const [, scheme = '', given = ''] = /^(\w+) +(\S+)$/.exec(authorization ?? '') ?? [];
    switch (scheme.toLowerCase()) {
      case 'basic':
        return isOneOf(basic, Buffer.from(given, 'base64'));
      case 'bearer':
        return isOneOf(bearer, Buffer.from(given, 'latin1'));
      default:
        return false;
    }
  };
}

/** The bearer token in an Authorization header; null when it holds something else. */
export function bearerToken(authorization: string | null): string | null {
  return /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
}

function isOneOf(digests: readonly Buffer[], given: Buffer): boolean {
  const wanted = digest(given);
  let found = false;
  for (const one of digests) found = timingSafeEqual(one, wanted) || found;
  return found;
}

function digest(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer');
}
