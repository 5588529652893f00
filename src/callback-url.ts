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
      const mac = sign(secrets[0], bytes);
      return `${publicUrl}${CALLBACK_PATH}/${bytes.toString('base64url')}.${mac.toString('base64url')}`;
    },
    verify: (token) => {
      if (!TOKEN.test(token)) return null;
      const [reference = '', mac = ''] = token.split('.');
      const bytes = Buffer.from(reference, 'base64url');
      const given = Buffer.from(mac, 'base64url');
      // The spare bits at the end of base64 are not signed: only the one canonical spelling counts.
      if (bytes.toString('base64url') !== reference || given.toString('base64url') !== mac) return null;
      let genuine = false;
      for (const secret of secrets) genuine = timingSafeEqual(sign(secret, bytes), given) || genuine;
      return genuine ? asUuid(bytes.toString('hex')) : null;
    },
  };
}

function sign(secret: string, reference: Buffer): Buffer {
  return createHmac('sha256', secret).update('callback:').update(reference).digest();
}

function asUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function base64Length(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}
