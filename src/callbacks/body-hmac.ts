// An HMAC (RFC 2104) over the bytes of a body as they came, in a header, with or without a timestamp.

import { createHmac, timingSafeEqual } from 'node:crypto';

export interface BodySignatureShape {
  /** The header that carries the signature. */
  readonly header: string;
  readonly algorithm: 'sha256' | 'sha512';
  readonly encoding: 'hex' | 'base64';
  /** What stands before the signature in its header, such as `sha256=`. */
  readonly prefix: string;
  /** The header with the Unix time of signing; null: the body alone is signed. */
  readonly timestampHeader: string | null;
  /** How far that time may be from now, in either direction. */
  readonly toleranceMs: number;
}

export interface BodySignatureRule extends BodySignatureShape {
  /** Any of them may have signed, so that one can be replaced by the next. */
  readonly secrets: readonly string[];
}

/** The value of a header of the request, several of one name joined by commas; null when there is none. */
export type HeaderOf = (name: string) => string | null;

export interface BodySignature {
  /** Looks at headers alone: whether the time of signing is near enough to `now` (ms). */
  isTimely(header: HeaderOf, now: number): boolean;
  /**
   * Whether the signature holds: over the body alone, or, with a timestamp header, over `{timestamp}.{body}`, the
   * timestamp being the header's text as it came.
   */
  isGenuine(header: HeaderOf, body: Uint8Array): boolean;
}

/** Bytes of a signature. */
const LENGTHS = { sha256: 32, sha512: 64 } as const;
const SPELLINGS = { hex: /^(?:[0-9a-f]{2})+$/i, base64: /^[A-Za-z0-9+/]+={0,2}$/ } as const;

export function createBodySignature(rule: BodySignatureRule): BodySignature {
  const { secrets, header: name, algorithm, timestampHeader, toleranceMs } = rule;
  return {
    isTimely: (header, now) => {
      if (timestampHeader === null) return true;
      const signedAt = unixTime(header(timestampHeader));
      return signedAt !== null && Math.abs(now - signedAt) <= toleranceMs;
    },
    isGenuine: (header, body) => {
      const given = signatureIn(header(name), rule);
      if (given === null) return false;
      const before = timestampHeader === null ? '' : `${header(timestampHeader) ?? ''}.`;
      let genuine = false;
      for (const secret of secrets) {
        // promise: callback-hmac-algorithm
        const expected = createHmac(algorithm, secret).update(before).update(body).digest();
        genuine = timingSafeEqual(expected, given) || genuine;
      }
      return genuine;
    },
  };
}

function signatureIn(value: string | null, { algorithm, encoding, prefix }: BodySignatureShape): Buffer | null {
  if (value === null || !value.startsWith(prefix)) return null;
  const text = value.slice(prefix.length);
  if (!SPELLINGS[encoding].test(text)) return null;
  const bytes = Buffer.from(text, encoding);
  return bytes.length === LENGTHS[algorithm] ? bytes : null;
}

/** Milliseconds, from Unix seconds or, with 13 digits, milliseconds. */
function unixTime(text: string | null): number | null {
  if (text === null || !/^(\d{9,11}|\d{13})$/.test(text)) return null;
  return text.length === 13 ? Number(text) : Number(text) * 1000;
}
