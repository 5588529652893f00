// Verifies that a notification is genuine and fresh (Standard Webhooks).

import { theRealOnes } from './connection.ts';
import { ReceiverError } from './requests.ts';
import type { NotificationPayload } from './types.ts';

/** Header fields in the form of `fetch`, Node and most frameworks. */
export type IncomingHeaders = Headers | { readonly [name: string]: string | readonly string[] | undefined };

type VerifyOptions = { readonly toleranceSeconds?: number; readonly now?: number };
type Bytes = Uint8Array<ArrayBuffer>;

const PREFIX = 'whsec_';
const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/**
 * Returns the payload of a notification after it has verified signature and time.
 * @param secrets one secret (`whsec_…`), or several during a rotation; a signature by any of them is accepted.
 * @param rawBody the bytes as received. A body that was parsed and serialized again has another signature.
 * @param toleranceSeconds the largest accepted difference of the time of sending, in either direction. Default 300.
 * @param now milliseconds since the Unix epoch. Default: the system clock.
 * @throws {ReceiverError} `not-genuine`, with the reason. The app responds with 400 and does nothing else.
 */
export async function verifyNotification(
  secrets: string | readonly string[],
  headers: IncomingHeaders,
  rawBody: string | Uint8Array | ArrayBuffer,
  { toleranceSeconds = 300, now = theRealOnes.now() }: VerifyOptions = {},
): Promise<NotificationPayload> {
  const keys = [secrets].flat().map(keyFrom);
  const id = header(headers, 'webhook-id');
  const timestamp = header(headers, 'webhook-timestamp');
  const signatures = header(headers, 'webhook-signature').split(' ').flatMap(signatureIn);

  if (!/^\d{1,15}$/.test(timestamp)) throw notGenuine('webhook-timestamp is not a time in seconds');
  const offSeconds = now / 1000 - Number(timestamp);
  // promise: client-refuses-old-notifications
  if (Math.abs(offSeconds) > toleranceSeconds) {
    throw notGenuine(`it was sent too ${offSeconds > 0 ? 'long ago' : 'far in the future'}, or a clock is wrong`);
  }
  const signed = await new Blob([`${id}.${timestamp}.`, rawBody as string | ArrayBuffer]).arrayBuffer();
  const fits = await Promise.all(keys.flatMap((key) => signatures.map((one) => isFrom(key, one, signed))));
  if (!fits.includes(true)) throw notGenuine('no signature fits any secret');
  return JSON.parse(typeof rawBody === 'string' ? rawBody : new TextDecoder().decode(rawBody));
}

/** WebCrypto compares in constant time. */
async function isFrom(secret: Bytes, signature: Bytes, signed: ArrayBuffer): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', secret, HMAC, false, ['verify']);
  return crypto.subtle.verify('HMAC', key, signature, signed);
}

function keyFrom(secret: string): Bytes {
  const bytes = decoded(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret);
  if (bytes !== null && bytes.length > 0) return bytes;
  throw new TypeError(`a secret must be ${PREFIX} and base64, as GET /v1/notifications/secrets returns it`);
}

/** Reads signatures of the symmetric scheme, v1, and skips other schemes. */
function signatureIn(text: string): Bytes[] {
  const bytes = text.startsWith('v1,') ? decoded(text.slice('v1,'.length)) : null;
  return bytes === null ? [] : [bytes];
}

function decoded(base64: string): Bytes | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function header(headers: IncomingHeaders, name: string): string {
  const all = headers instanceof Headers ? [...headers] : Object.entries(headers);
  const value = all.flatMap(([given, values]) => (given.toLowerCase() === name ? (values ?? []) : []))[0];
  if (value === undefined || value === '') throw notGenuine(`${name} is missing`);
  return value;
}

function notGenuine(why: string): ReceiverError {
  return new ReceiverError('not-genuine', `This notification cannot be trusted: ${why}`);
}
