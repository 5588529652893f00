// Tells whether a notification is the receiver's own and fresh (Standard Webhooks), before anything of it is believed.

import { theRealOnes } from './connection.ts';
import { ReceiverError } from './requests.ts';
import type { NotificationPayload } from './types.ts';

/** As `fetch`, Node and most frameworks have them. */
export type IncomingHeaders = Headers | { readonly [name: string]: string | readonly string[] | undefined };

type VerifyOptions = { readonly toleranceSeconds?: number; readonly now?: number };
type Bytes = Uint8Array<ArrayBuffer>;

const PREFIX = 'whsec_';
const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/**
 * What the notification says, once its signature and its time are right.
 * @param secrets one or several (`whsec_…`) while they are rotated: any of them may have signed.
 * @param rawBody the very bytes that came; parsed and written again they have another signature.
 * @param toleranceSeconds how far the time of sending may be off, either way; 300 unless said.
 * @param now milliseconds since the Unix epoch; the clock's unless said.
 * @throws {ReceiverError} `not-genuine`, saying why: answer 400 and do nothing else.
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

  if (!/^\d{1,15}$/.test(timestamp)) throw notGenuine('webhook-timestamp is no time in seconds');
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
  throw new TypeError(`a secret must be ${PREFIX} and base64, as GET /v1/notifications/secrets gives it`);
}

/** Only the symmetric scheme, v1; others may stand beside it. */
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
