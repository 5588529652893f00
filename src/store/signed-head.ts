// The head of the audit chain as a signed line: kept outside of the database, it shows a tail that was cut off or a chain rewritten.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from '../lib/derive-key.ts';
import { isoTime } from '../lib/time.ts';
import type { AuditHead } from './port.ts';

/** The parts are separated by spaces and free of quotes, so that a line survives inside JSON, a mail or a ticket. */
const LINE =
  /audit-head v1 id=(\d{1,15}) hash=([0-9a-f]{64}) at=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) key=([0-9a-f]{8}) mac=([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])/g;

export interface SignedHead extends AuditHead {
  /** When it was signed, ISO 8601. */
  readonly at: string;
  readonly signature: 'good' | 'bad' | 'unknown key';
  /** Which key signed it: tells secrets apart without giving them away. */
  readonly key: string;
}

type Secrets = readonly [string, ...string[]];

interface Key {
  readonly bytes: Buffer;
  readonly name: string;
}

/**
 * `audit-head v1 id=… hash=… at=… key=… mac=…`: HMAC-SHA256 (RFC 2104) over all that stands before ` mac=`, under a key
 * derived from the first secret.
 */
export function signHead(secrets: Secrets, head: AuditHead, now: number): string {
  const key = keyOf(secrets[0]);
  const text = `audit-head v1 id=${head.id} hash=${head.hash} at=${isoTime(now)} key=${key.name}`;
  return `${text} mac=${macOf(key, text).toString('base64url')}`;
}

/** Every signed head in a text, such as a log file; its signature is tried with each of the secrets. */
export function readHeads(secrets: Secrets, text: string): SignedHead[] {
  const keys = secrets.map(keyOf);
  return [...text.matchAll(LINE)].map(([line, id, hash = '', at = '', name = '', mac = '']) => {
    const key = keys.find((one) => one.name === name);
    return { id: Number(id), hash, at, key: name, signature: judge(key, line, mac) };
  });
}

function judge(key: Key | undefined, line: string, mac: string): SignedHead['signature'] {
  if (key === undefined) return 'unknown key';
  const right = macOf(key, line.slice(0, line.lastIndexOf(' mac=')));
  return timingSafeEqual(right, Buffer.from(mac, 'base64url')) ? 'good' : 'bad';
}

function macOf(key: Key, text: string): Buffer {
  return createHmac('sha256', key.bytes).update(text).digest();
}

/** HKDF-SHA256 (RFC 5869): what signs heads cannot sign callback URLs, and its name tells nothing of either. */
function keyOf(secret: string): Key {
  return {
    bytes: deriveKey(secret, 'audit head key'),
    name: deriveKey(secret, 'audit head key name', 4).toString('hex'),
  };
}
