// Client assertions: JSON Web Tokens that the client signs with its private key instead of sending a secret (RFC 7523).

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import type { TokenRequestPart } from '../profile/token.ts';
import type { Credentials } from './credentials.ts';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Long enough for clocks that differ; servers accept a few minutes at most. */
const LIFETIME_SECONDS = 120;

const MIN_RSA_BITS = 2048;

const EC_ALGORITHMS: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** Returns a new assertion; its audience is the token endpoint unless the profile has another. */
export async function createClientAssertion(
  { assertion: { audience, algorithm } }: Pick<TokenRequestPart, 'assertion'>,
  tokenUrl: string,
  { clientId, privateKey, privateKeyId }: Credentials,
  world: Pick<World, 'now' | 'id'>,
): Promise<string> {
  const key = createPrivateKey(privateKey ?? '');
  const now = world.now();
  const seconds = Math.floor(now / 1000);
  const kid = privateKeyId == null ? {} : { kid: privateKeyId };
  return new SignJWT()
    .setProtectedHeader({ alg: algorithm ?? algorithmOf(key) ?? 'RS256', typ: 'JWT', ...kid })
    .setIssuer(clientId ?? '')
    .setSubject(clientId ?? '')
    .setAudience(audience ?? tokenUrl)
    .setJti(world.id(now))
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + LIFETIME_SECONDS)
    .sign(key);
}

/** Returns why a PEM cannot sign assertions, without its text; null if it can. */
export function privateKeyProblem(pem: string): string | null {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    if (/ENCRYPTED/.test(pem)) return 'must be an unencrypted private key; decrypt it with openssl pkcs8';
    return `must be a private key in PEM ("-----BEGIN PRIVATE KEY-----"): ${reasonOf(error).slice(0, 100)}`;
  }
  if (algorithmOf(key) === null) return 'must be an RSA, Ed25519, P-256, P-384 or P-521 key';
  const bits = key.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS;
  return bits < MIN_RSA_BITS ? `must have at least ${MIN_RSA_BITS} bits` : null;
}

function algorithmOf(key: KeyObject): string | null {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return 'RS256';
    case 'rsa-pss':
      return 'PS256';
    case 'ed25519':
      return 'EdDSA';
    case 'ec':
      return EC_ALGORITHMS[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? null;
    default:
      return null;
  }
}
