// Replaces the tokens of callback URLs in texts that may quote them: a reader of such a text could resolve an execution.

import { findQuoted, type TextRange } from '../lib/quoted-text.ts';
import { base64Length, createTokenLists, MAC_BYTES, REFERENCE_BYTES } from './signed-url.ts';

/** Stands for a token. Its characters need no escape in JSON, XML or a form, where a body is kept as bytes. */
export const CONCEALED = '[callback-token]';

/** Characters of a signature that show whose it is. A text that ends within a token keeps fewer than these. */
const MIN_SIGNATURE_CHARS = 8;

const REFERENCE_CHARS = base64Length(REFERENCE_BYTES);
const TOKEN_CHARS = REFERENCE_CHARS + 1 + base64Length(MAC_BYTES);
/** References whose tokens are remembered, so that a text that repeats one is cheap. */
const MAX_KNOWN = 64;
/** The characters of Base64 for URLs, by their codes. */
const IS_BASE64 = Uint8Array.from({ length: 128 }, (_, code) => (/[\w-]/.test(String.fromCharCode(code)) ? 1 : 0));
/** A token has a point, as it is or escaped. */
const MAY_QUOTE = /[.%&\\\0]/;

export type TokenConcealer = ReturnType<typeof createTokenConcealer>;

/** Tokens of every execution are found, whichever of the secrets signs them, also if a cut has left only their beginning. */
export function createTokenConcealer(secrets: readonly string[]) {
  const tokensFor = createTokenLists(secrets);
  const known = new Map<string, readonly string[]>();
  const free = new WeakSet<object>();

  function tokensOf(reference: string): readonly string[] {
    let tokens = known.get(reference);
    if (tokens === undefined) {
      const bytes = Buffer.from(reference, 'base64url');
      // References are UUIDv7 (RFC 9562, section 5.7): most of what only looks like one costs no signature.
      tokens = (bytes[6] ?? 0) >> 4 === 7 ? tokensFor(bytes) : [];
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(reference, tokens);
    }
    return tokens;
  }

  /** Only a correct signature makes a token: no other text of that form is changed. */
  function tokensIn(plain: string): TextRange[] {
    const found: TextRange[] = [];
    for (let dot = plain.indexOf('.', REFERENCE_CHARS); dot !== -1; dot = plain.indexOf('.', dot + 1)) {
      const start = dot - REFERENCE_CHARS;
      if (!isReference(plain, start, dot)) continue;
      const reference = plain.slice(start, dot);
      const given = plain.slice(start, start + TOKEN_CHARS);
      const length = Math.max(0, ...tokensOf(reference).map((own) => shared(own, given)));
      // promise: quoted-token-is-replaced
      if (length > REFERENCE_CHARS + MIN_SIGNATURE_CHARS) found.push({ start, end: start + length });
    }
    return found;
  }

  function replaced(text: string, inBytes: boolean): string {
    if (!MAY_QUOTE.test(text)) return text;
    let copied = 0;
    const parts: string[] = [];
    for (const { start, end } of findQuoted(text, tokensIn)) {
      const width = inBytes ? widthAt(text, start) : 'one byte';
      parts.push(text.slice(copied, start), MARKERS[width]);
      copied = width === 'UTF-16LE' ? end + 1 : end;
    }
    return copied === 0 ? text : parts.join('') + text.slice(copied);
  }

  return {
    /** Returns the text with each live token replaced, or the same text without one. */
    text: (text: string) => (text.length <= REFERENCE_CHARS + MIN_SIGNATURE_CHARS ? text : replaced(text, false)),
    /** Does the same with the bytes of a body, in an encoding that contains ASCII, or in UTF-16. */
    bytes: (bytes: Uint8Array): Uint8Array => {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
      const safe = replaced(text, true);
      return safe === text ? bytes : Buffer.from(safe, 'latin1');
    },
    /** Notes that an object contains no live token, which was found outside the thread that answers callbacks. */
    noteFree: (object: object): void => void free.add(object),
    isKnownFree: (object: object): boolean => free.has(object),
  };
}

/** Looks from the end, where most full stops of a result already differ: they begin a fraction or end a word. */
function isReference(text: string, start: number, end: number): boolean {
  for (let at = end - 1; at >= start; at -= 1) if (IS_BASE64[text.charCodeAt(at)] !== 1) return false;
  return true;
}

/** The marker in each encoding; in UTF-16BE, the NUL of the first character stays in place. */
const MARKERS = {
  'one byte': CONCEALED,
  'UTF-16LE': [...CONCEALED].map((sign) => `${sign}\0`).join(''),
  'UTF-16BE': [...CONCEALED].join('\0'),
};

/** The text has one character for each byte. */
function widthAt(text: string, index: number): keyof typeof MARKERS {
  if (text[index + 1] !== '\0') return 'one byte';
  return index % 2 === 0 ? 'UTF-16LE' : 'UTF-16BE';
}

/** Returns the number of characters that both texts begin with. */
function shared(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}
