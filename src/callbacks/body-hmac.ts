// An HMAC (RFC 2104) over the raw bytes of a body, in a header, with or without a timestamp.

import { createHmac, timingSafeEqual } from 'node:crypto';

export interface BodySignatureShape {
  /** The header that carries the signature. */
  readonly header: string;
  readonly algorithm: 'sha256' | 'sha512';
  readonly encoding: 'hex' | 'base64';
  /** Text before the signature in its header, for example `sha256=`. */
  readonly prefix: string;
  /** The header with the Unix time of signing; null: the body alone is signed. */
  readonly timestampHeader: string | null;
  /** Largest difference between that time and now, in either direction. */
  readonly toleranceMs: number;
}

export interface BodySignatureRule extends BodySignatureShape {
  /** A signature under any of them is valid, so that secrets can be rotated. */
  readonly secrets: readonly string[];
}

/** Returns the value of a request header, repeated headers joined by commas; null if absent. */
export type HeaderOf = (name: string) => string | null;

/** Length of a signature in bytes. */
const LENGTHS = { sha256: 32, sha512: 64 } as const;
const ENCODINGS = { hex: /^(?:[0-9a-f]{2})+$/i, base64: /^[A-Za-z0-9+/]+={0,2}$/ } as const;

export function createBodySignature(rule: BodySignatureRule) {
  const { secrets, header: name, algorithm, timestampHeader, toleranceMs } = rule;
  return {
    /** Returns whether the time of signing is close enough to `now` (milliseconds). Needs no body. */
    isTimely: (header: HeaderOf, now: number): boolean => {
      if (timestampHeader === null) return true;
      const signedAt = unixTime(header(timestampHeader));
      return signedAt !== null && Math.abs(now - signedAt) <= toleranceMs;
    },
    /** Returns whether there is a signature of the right length and encoding. Needs no body. */
    isPresent: (header: HeaderOf): boolean => signatureIn(header(name), rule) !== null,
    /**
     * Returns whether the signature is valid: over the body alone, or, with a timestamp header, over `{timestamp}.{body}` with the
     * unchanged text of that header.
     */
    isGenuine: (header: HeaderOf, body: Uint8Array): boolean => {
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
  if (!ENCODINGS[encoding].test(text)) return null;
  const bytes = Buffer.from(text, encoding);
  return bytes.length === LENGTHS[algorithm] ? bytes : null;
}

/** Returns milliseconds from Unix seconds, or from milliseconds when there are 13 digits. */
function unixTime(text: string | null): number | null {
  if (text === null || !/^(\d{9,11}|\d{13})$/.test(text)) return null;
  return text.length === 13 ? Number(text) : Number(text) * 1000;
}
