// Client assertions: JSON Web Tokens that the client signs with its private key instead of sending a secret (RFC 7523).

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import { TokenUnavailable } from '../port.ts';
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

/**
 * Returns a new assertion; its audience is the token endpoint unless the profile has another.
 * @throws {TokenUnavailable} if the key cannot sign.
 */
export async function createClientAssertion(...given: Parameters<typeof sign>): Promise<string> {
  try {
    return await sign(...given);
  } catch (error) {
    throw new TokenUnavailable(`the client assertion cannot be signed: ${reasonOf(error)}`);
  }
}

async function sign(
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

/** Returns why a PEM cannot sign assertions with an algorithm (null: any), without its text; null if it can. */
export function privateKeyProblem(pem: string, algorithm: string | null = null): string | null {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    if (/ENCRYPTED/.test(pem)) return 'must be an unencrypted private key; decrypt it with openssl pkcs8';
    return `must be a private key in PEM ("-----BEGIN PRIVATE KEY-----"): ${reasonOf(error).slice(0, 100)}`;
  }
  const own = algorithmOf(key);
  if (own === null) return 'must be an RSA, Ed25519, P-256, P-384 or P-521 key';
  if (algorithm !== null && !fits(key, own, algorithm))
    return `is not a key for ${algorithm}, the algorithm of the profile`;
  const bits = key.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS;
  return bits < MIN_RSA_BITS ? `must have at least ${MIN_RSA_BITS} bits` : null;
}

function fits(key: KeyObject, own: string, algorithm: string): boolean {
  if (key.asymmetricKeyType === 'rsa') return /^[RP]S/.test(algorithm);
  return key.asymmetricKeyType === 'rsa-pss' ? algorithm.startsWith('PS') : algorithm === own;
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
