// Signed callback URLs: a token identifies one execution, and only the holder of the secret can create it.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createHmacSha256, type HmacSha256 } from '../lib/hmac-sha256.ts';

export const CALLBACK_PATH = '/webhook/cxone-execution';

/** Bytes of the reference in a token, and of the signature. */
export const REFERENCE_BYTES = 16;
export const MAC_BYTES = 32;
const TOKEN = new RegExp(
  `^[A-Za-z0-9_-]{${base64Length(REFERENCE_BYTES)}}\\.[A-Za-z0-9_-]{${base64Length(MAC_BYTES)}}$`,
);

export type SignedUrls = ReturnType<typeof createSignedUrls>;

/** The first secret signs, all secrets verify: put a new secret in front to rotate. */
export function createSignedUrls(publicUrl: string, secrets: readonly [string, ...string[]]) {
  const [newest, ...older] = secrets;
  const sign = macOf(newest);
  const macs = [sign, ...older.map(macOf)];
  return {
    /** Returns the URL that CXone calls for the execution with this reference (a UUID). */
    mint: (reference: string): string => {
      const bytes = Buffer.from(reference.replaceAll('-', ''), 'hex');
      if (bytes.length !== REFERENCE_BYTES) throw new RangeError('a callback reference is a UUID');
      return urlOf(publicUrl, bytes, sign(PURPOSES.callback, bytes));
    },
    /** Returns the reference in a token whose HMAC-SHA256 (RFC 2104) is valid under one of the secrets; else null. */
    verify: (token: string): string | null => {
      const bytes = genuine(token, macs, 'callback')?.bytes;
      return bytes === undefined ? null : asUuid(bytes.toString('hex'));
    },
    /** Returns a URL without an execution. A server that responds to its token with `proof` knows the secret. */
    probe: (): { readonly url: string; readonly proof: string } => {
      const bytes = randomBytes(REFERENCE_BYTES);
      return { url: urlOf(publicUrl, bytes, sign(PURPOSES.probe, bytes)), proof: sign(PURPOSES.probed, bytes) };
    },
    /** Returns the proof for the token of a probe; null for any other token. */
    proofFor: (token: string): string | null => {
      // promise: probe-opens-no-execution
      const found = genuine(token, macs, 'probe');
      return found === null ? null : found.mac(PURPOSES.probed, found.bytes);
    },
  };
}

/** Returns a function that lists the tokens that open the execution with a reference (16 bytes), one for each secret. */
export function createTokenLists(secrets: readonly string[]): (reference: Buffer) => string[] {
  const macs = secrets.map(macOf);
  return (reference) => macs.map((mac) => tokenOf(reference, mac(PURPOSES.callback, reference)));
}

/** Part of the signed text, so that the token of a probe cannot address an execution, nor the reverse. */
const PURPOSES = {
  callback: Buffer.from('callback:'),
  probe: Buffer.from('probe:'),
  probed: Buffer.from('probed:'),
};

/** Returns the signed reference and the HMAC of the secret that signed it. */
function genuine(
  token: string,
  macs: readonly HmacSha256[],
  purpose: keyof typeof PURPOSES,
): { bytes: Buffer; mac: HmacSha256 } | null {
  if (!TOKEN.test(token)) return null;
  const bytes = Buffer.from(token.slice(0, base64Length(REFERENCE_BYTES)), 'base64url');
  const given = Buffer.from(token);
  // Compared as text: the unused bits at the end of base64 are not signed, so only the canonical encoding is valid.
  const isGiven = (mac: HmacSha256) =>
    timingSafeEqual(Buffer.from(tokenOf(bytes, mac(PURPOSES[purpose], bytes))), given);
  // Without early exit: the time must not depend on which secret matches.
  const [mac] = macs.filter(isGiven);
  // promise: callback-url-is-signed
  return mac === undefined ? null : { bytes, mac };
}

function macOf(secret: string): HmacSha256 {
  return createHmacSha256(Buffer.from(secret));
}

function urlOf(publicUrl: string, reference: Buffer, mac: string): string {
  return `${publicUrl}${CALLBACK_PATH}/${tokenOf(reference, mac)}`;
}

function tokenOf(reference: Buffer, mac: string): string {
  return `${reference.toString('base64url')}.${mac}`;
}

function asUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Returns the length of base64url without padding. */
export function base64Length(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}
