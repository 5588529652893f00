// Signed callback URLs: a token identifies one execution, and only the holder of the secret can create it.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const CALLBACK_PATH = '/webhook/cxone-execution';

const REFERENCE_BYTES = 16;
const MAC_BYTES = 32;
const TOKEN = new RegExp(
  `^[A-Za-z0-9_-]{${base64Length(REFERENCE_BYTES)}}\\.[A-Za-z0-9_-]{${base64Length(MAC_BYTES)}}$`,
);

export interface SignedUrls {
  /** Returns the URL that CXone calls for the execution with this reference (a UUID). */
  mint(reference: string): string;
  /** Returns the reference in a token whose HMAC-SHA256 (RFC 2104) is valid under one of the secrets; else null. */
  verify(token: string): string | null;
  /** Returns a URL without an execution. A server that responds to its token with `proof` knows the secret. */
  probe(): { readonly url: string; readonly proof: string };
  /** Returns the proof for the token of a probe; null for any other token. */
  proofFor(token: string): string | null;
}

/** The first secret signs, all secrets verify: put a new secret in front to rotate. */
export function createSignedUrls(publicUrl: string, secrets: readonly [string, ...string[]]): SignedUrls {
  return {
    mint: (reference) => {
      const bytes = Buffer.from(reference.replaceAll('-', ''), 'hex');
      if (bytes.length !== REFERENCE_BYTES) throw new RangeError('a callback reference is a UUID');
      return urlOf(publicUrl, bytes, sign(secrets[0], 'callback:', bytes));
    },
    verify: (token) => {
      const bytes = genuine(token, secrets, 'callback:')?.bytes;
      return bytes === undefined ? null : asUuid(bytes.toString('hex'));
    },
    probe: () => {
      const bytes = randomBytes(REFERENCE_BYTES);
      return { url: urlOf(publicUrl, bytes, sign(secrets[0], 'probe:', bytes)), proof: proofOf(secrets[0], bytes) };
    },
    proofFor: (token) => {
      // promise: probe-opens-no-execution
      const found = genuine(token, secrets, 'probe:');
      return found === null ? null : proofOf(found.secret, found.bytes);
    },
  };
}

/** Part of the signed text, so that the token of a probe cannot address an execution, nor the reverse. */
type Purpose = 'callback:' | 'probe:' | 'probed:';

function genuine(
  token: string,
  secrets: readonly string[],
  purpose: Purpose,
): { bytes: Buffer; secret: string } | null {
  if (!TOKEN.test(token)) return null;
  const bytes = Buffer.from(token.slice(0, base64Length(REFERENCE_BYTES)), 'base64url');
  const given = Buffer.from(token);
  // Compared as text: the unused bits at the end of base64 are not signed, so only the canonical encoding is valid.
  const isGiven = (secret: string) => timingSafeEqual(Buffer.from(tokenOf(bytes, sign(secret, purpose, bytes))), given);
  // Without early exit: the time must not depend on which secret matches.
  const [secret] = secrets.filter(isGiven);
  // promise: callback-url-is-signed
  return secret === undefined ? null : { bytes, secret };
}

function urlOf(publicUrl: string, reference: Buffer, mac: string): string {
  return `${publicUrl}${CALLBACK_PATH}/${tokenOf(reference, mac)}`;
}

function tokenOf(reference: Buffer, mac: string): string {
  return `${reference.toString('base64url')}.${mac}`;
}

function proofOf(secret: string, reference: Buffer): string {
  return sign(secret, 'probed:', reference);
}

function sign(secret: string, purpose: Purpose, reference: Buffer): string {
  return createHmac('sha256', secret).update(purpose).update(reference).digest('base64url');
}

function asUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function base64Length(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}
