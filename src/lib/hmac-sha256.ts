// HMAC-SHA256 (RFC 2104) from two one-shot hashes: for short messages they take about half the time of an HMAC object.

import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** Returns the MAC of the concatenated parts, in base64url. */
export type HmacSha256 = (...parts: readonly Uint8Array[]) => string;

export function createHmacSha256(key: Uint8Array): HmacSha256 {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key);
  const inner = block.map((byte) => byte ^ 0x36);
  // The digest of each call is written behind the block. Calls cannot overlap, because hashing is synchronous.
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  outer.set(block.map((byte) => byte ^ 0x5c));
  return (...parts) => {
    outer.write(hash('sha256', Buffer.concat([inner, ...parts]), 'binary'), BLOCK_BYTES, 'binary');
    return hash('sha256', outer, 'base64url');
  };
}
