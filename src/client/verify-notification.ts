// Tells whether a notification is the receiver's own and fresh (Standard Webhooks), before anything of it is believed.

import { ReceiverError } from './errors.ts';
import { theRealOnes } from './surroundings.ts';
import type { NotificationPayload } from './types.ts';

export interface VerifyOptions {
  /** How far the time of sending may be off, either way; 300 unless said. */
  readonly toleranceSeconds?: number;
  /** Milliseconds since the Unix epoch; the clock's unless said. */
  readonly now?: number;
  /** Replaces `JSON.parse`, for results with numbers that a double cannot hold. */
  readonly parseJson?: (text: string) => unknown;
}

/** As `fetch`, Node and most frameworks have them. */
export type IncomingHeaders = Headers | { readonly [name: string]: string | readonly string[] | undefined };

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const PREFIX = 'whsec_';
const TOLERANCE_SECONDS = 300;
const utf8 = new TextEncoder();

/**
 * What the notification says, once its signature and its time are right.
 * @param secrets one or several (`whsec_…`) while they are rotated: any of them may have signed.
 * @param rawBody the very bytes that came; parsed and written again they have another signature.
 * @throws {ReceiverError} `not-genuine`, saying why: answer 400 and do nothing else.
 */
export async function verifyNotification(
  secrets: string | readonly string[],
  headers: IncomingHeaders,
  rawBody: string | Uint8Array | ArrayBuffer,
  { toleranceSeconds = TOLERANCE_SECONDS, now = theRealOnes.now(), parseJson = JSON.parse }: VerifyOptions = {},
): Promise<NotificationPayload> {
  const keys = await Promise.all([secrets].flat().map(keyFrom));
  const id = header(headers, 'webhook-id');
  const timestamp = header(headers, 'webhook-timestamp');
  const signatures = header(headers, 'webhook-signature').split(' ').flatMap(signatureIn);

  if (!/^\d{1,15}$/.test(timestamp)) throw notGenuine('webhook-timestamp is no time in seconds');
  const offSeconds = now / 1000 - Number(timestamp);
  if (Math.abs(offSeconds) > toleranceSeconds) {
    throw notGenuine(`it was sent too ${offSeconds > 0 ? 'long ago' : 'far in the future'}, or a clock is wrong`);
  }
  const body = typeof rawBody === 'string' ? utf8.encode(rawBody) : new Uint8Array(rawBody);
  const before = utf8.encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(before.length + body.length);
  signed.set(before);
  signed.set(body, before.length);
  if (!(await anyFits(keys, signatures, signed))) throw notGenuine('no signature fits any secret');
  return parseJson(new TextDecoder().decode(body)) as NotificationPayload;
}

/** WebCrypto compares in constant time. */
async function anyFits(
  keys: readonly Key[],
  signatures: readonly Uint8Array<ArrayBuffer>[],
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  for (const key of keys) {
    for (const signature of signatures) if (await crypto.subtle.verify('HMAC', key, signature, signed)) return true;
  }
  return false;
}

async function keyFrom(secret: string): Promise<Key> {
  const bytes = decoded(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret);
  if (bytes === null || bytes.length === 0) {
    throw new TypeError(`a secret must be ${PREFIX} and base64, as GET /v1/notifications/secrets gives it`);
  }
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

/** Only the symmetric scheme, v1; others may stand beside it. */
function signatureIn(text: string): Uint8Array<ArrayBuffer>[] {
  const bytes = text.startsWith('v1,') ? decoded(text.slice('v1,'.length)) : null;
  return bytes === null ? [] : [bytes];
}

function decoded(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function header(headers: IncomingHeaders, name: string): string {
  const found =
    headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([given]) => given.toLowerCase() === name)?.[1];
  const value = typeof found === 'object' ? found?.[0] : found;
  if (value === undefined || value === null || value === '') throw notGenuine(`${name} is missing`);
  return value;
}

function notGenuine(detail: string): ReceiverError {
  return new ReceiverError({ code: 'not-genuine', title: 'This notification cannot be trusted', detail });
}
