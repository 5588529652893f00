// The head of the audit chain as a signed line. Kept outside the database, it proves that a tail was cut off or a chain rewritten.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from '../lib/derive-key.ts';
import { isoTime } from '../lib/time.ts';
import type { AuditHead } from './port.ts';

/** Fields are separated by spaces and contain no quotes, so that a line survives inside JSON, a mail or a ticket. */
const LINE =
  /audit-head v1 id=(\d{1,15}) hash=([0-9a-f]{64}) at=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) key=([0-9a-f]{8}) mac=([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])/g;

export interface SignedHead extends AuditHead {
  /** When it was signed, ISO 8601. */
  readonly at: string;
  readonly signature: 'good' | 'bad' | 'unknown key';
  /** Name of the signing key: distinguishes secrets without revealing them. */
  readonly key: string;
}

type Secrets = readonly [string, ...string[]];

interface Key {
  readonly bytes: Buffer;
  readonly name: string;
}

/**
 * Returns `audit-head v1 id=… hash=… at=… key=… mac=…`. The MAC is HMAC-SHA256 (RFC 2104) over the text before ` mac=`, with
 * a key derived from the first secret.
 */
export function signHead(secrets: Secrets, head: AuditHead, now: number): string {
  const key = keyOf(secrets[0]);
  const text = `audit-head v1 id=${head.id} hash=${head.hash} at=${isoTime(now)} key=${key.name}`;
  return `${text} mac=${macOf(key, text).toString('base64url')}`;
}

/** Returns every signed head in a text, for example a log file. Each signature is verified with the key that it names. */
export function readHeads(secrets: Secrets, text: string): SignedHead[] {
  const keys = secrets.map(keyOf);
  return [...text.matchAll(LINE)].map(([line, id, hash = '', at = '', name = '', mac = '']) => {
    const key = keys.find((known) => known.name === name);
    return { id: Number(id), hash, at, key: name, signature: verifySignature(key, line, mac) };
  });
}

function verifySignature(key: Key | undefined, line: string, mac: string): SignedHead['signature'] {
  if (key === undefined) return 'unknown key';
  const expected = macOf(key, line.slice(0, line.lastIndexOf(' mac=')));
  return timingSafeEqual(expected, Buffer.from(mac, 'base64url')) ? 'good' : 'bad';
}

function macOf(key: Key, text: string): Buffer {
  return createHmac('sha256', key.bytes).update(text).digest();
}

/** Derives the key with HKDF-SHA256 (RFC 5869): it cannot sign callback URLs, and its name reveals neither key nor secret. */
function keyOf(secret: string): Key {
  return {
    bytes: deriveKey(secret, 'audit head key'),
    name: deriveKey(secret, 'audit head key name', 4).toString('hex'),
  };
}
