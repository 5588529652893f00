// Keys derived from the configured secrets: one per purpose, so that a value signed for one purpose is worthless for another.

import { hkdfSync } from 'node:crypto';

/** Derives a key of `bytes` bytes by HKDF-SHA256 (RFC 5869). The key reveals neither the secret nor the key of another purpose. */
export function deriveKey(secret: string, purpose: string, bytes = 32): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `cxone-callback-receiver ${purpose}`, bytes));
}
