// Mints and verifies the signed callback URLs: a token names one execution and nothing else can make one.

import { createHmac, timingSafeEqual } from 'node:crypto';

export const CALLBACK_PATH = '/webhook/cxone-execution';

const REFERENCE_BYTES = 16;
const MAC_BYTES = 32;
const TOKEN = new RegExp(
  `^[A-Za-z0-9_-]{${base64Length(REFERENCE_BYTES)}}\\.[A-Za-z0-9_-]{${base64Length(MAC_BYTES)}}$`,
);

export interface CallbackUrls {
  /** The URL that CXone calls for the execution with this reference (a UUID). */
  mint(reference: string): string;
  /** The reference in a token whose HMAC-SHA256 (RFC 2104) holds under one of the secrets; null for anything else. */
  verify(token: string): string | null;
}

/** The first secret signs, all of them verify: put the new one in front while rotating. */
export function createCallbackUrls(publicUrl: string, secrets: readonly [string, ...string[]]): CallbackUrls {
  return {
    mint: (reference) => {
      const bytes = Buffer.from(reference.replaceAll('-', ''), 'hex');
      if (bytes.length !== REFERENCE_BYTES) throw new RangeError('a callback reference is a UUID');
      return `${publicUrl}${CALLBACK_PATH}/${tokenOf(bytes, secrets[0])}`;
    },
    verify: (token) => {
      if (!TOKEN.test(token)) return null;
      const bytes = Buffer.from(token.slice(0, base64Length(REFERENCE_BYTES)), 'base64url');
      const given = Buffer.from(token);
      // As texts: the spare bits at the end of base64 are not signed, so only the one canonical spelling counts.
      let genuine = false;
      for (const secret of secrets) genuine = timingSafeEqual(Buffer.from(tokenOf(bytes, secret)), given) || genuine;
      return genuine ? asUuid(bytes.toString('hex')) : null;
    },
  };
}

function tokenOf(reference: Buffer, secret: string): string {
  const mac = createHmac('sha256', secret).update('callback:').update(reference).digest('base64url');
  return `${reference.toString('base64url')}.${mac}`;
}

function asUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function base64Length(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}
