// Shared secrets in a header. Several are accepted at a time, so that secrets can be rotated.

import { hash, timingSafeEqual } from 'node:crypto';

/** A credential in the Authorization header: Basic (RFC 7617, `user:password`) or a bearer token (RFC 6750). */
export interface Credential {
  readonly scheme: 'basic' | 'bearer';
  readonly secret: string;
}

/** Returns a function that checks a header's value in constant time. */
export function createSecretCheck(accepted: readonly string[]): (given: string | null) => boolean {
  const digests = accepted.map((secret) => digest(Buffer.from(secret)));
  return (given) => given !== null && isOneOf(digests, Buffer.from(given, 'latin1'));
}

/** Returns a function that checks the Authorization header in constant time. */
export function createCredentialCheck(accepted: readonly Credential[]): (authorization: string | null) => boolean {
  const digestsOf = (scheme: Credential['scheme']) =>
    accepted.filter((credential) => credential.scheme === scheme).map(({ secret }) => digest(Buffer.from(secret)));
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

/** Returns the bearer token in an Authorization header; null for another scheme. */
export function bearerToken(authorization: string | null): string | null {
  return /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
}

function isOneOf(digests: readonly Buffer[], given: Buffer): boolean {
  const wanted = digest(given);
  let found = false;
  // No early exit: the time must not depend on the position of the match.
  for (const accepted of digests) found = timingSafeEqual(accepted, wanted) || found;
  return found;
}

function digest(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer');
}
