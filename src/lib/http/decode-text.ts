// Text of HTTP bodies: decoded with the charset that the byte order mark, the Content-Type or an XML declaration names.

export type DecodedText =
  | { readonly type: 'text'; readonly text: string; readonly encoding: string }
  /** The reason quotes nothing of the body but the name of a charset. */
  | { readonly type: 'unreadable'; readonly reason: string };

/** Decodes a body. A byte order mark wins over the header (WHATWG Encoding, section 6); the default is UTF-8. */
export function decodeText(bytes: Uint8Array, contentType: string | null): DecodedText {
  const label = charsetOf(contentType);
  const found = encodingOfMark(bytes) ?? encodingOfZeros(bytes, label) ?? label ?? declaredEncoding(bytes) ?? 'utf-8';
  const decoder = createDecoder(found);
  if (decoder === null) return { type: 'unreadable', reason: `the charset "${printable(found)}" is not supported` };
  const text = decoder.decode(bytes);
  if (text !== null) return { type: 'text', text, encoding: decoder.encoding };
  const name = decoder.encoding === 'utf-8' ? 'UTF-8' : `text in the charset "${printable(found)}"`;
  return { type: 'unreadable', reason: `the body is not ${name}` };
}

/** Returns the charset parameter of a media type; null without one. */
export function charsetOf(contentType: string | null): string | null {
  const match = /;\s*charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,"']*))/i.exec(contentType ?? '');
  return (match?.[1] ?? match?.[2] ?? match?.[3])?.trim() || null;
}

export interface TextBytesDecoder {
  /** The name of the encoding in the WHATWG Encoding Standard. */
  readonly encoding: string;
  /** Returns the text without its byte order mark; null for bytes that are not in this encoding. */
  decode(bytes: Uint8Array): string | null;
}

/** Returns null for a charset that is not supported. The labels are those of the WHATWG Encoding Standard. */
export function createDecoder(label: string): TextBytesDecoder | null {
  const decoder = textDecoder(label) ?? textDecoder(label.replaceAll('_', '-'));
  if (decoder === null) return null;
  const { encoding } = decoder;
  const decode = (bytes: Uint8Array): string | null => {
    try {
      const text = decoder.decode(bytes);
      return encoding === 'windows-1252' ? text.replace(C1_CONTROLS, windows1252) : text;
    } catch {
      return null;
    }
  };
  // The standard reads ASCII as windows-1252, but senders that name ASCII and send more mostly send UTF-8.
  if (/^(?:us-?)?ascii$|^ansi_x3\.4-1968$/i.test(label)) {
    return { encoding, decode: (bytes) => createDecoder('utf-8')?.decode(bytes) ?? decode(bytes) };
  }
  return { encoding, decode };
}

function textDecoder(label: string): InstanceType<typeof TextDecoder> | null {
  try {
    return new TextDecoder(label, { fatal: true });
  } catch {
    return null;
  }
}

/** Node 22 decodes windows-1252 as Latin-1, which has control characters at 0x80 to 0x9F. */
const C1_CONTROLS = /[\x80-\x9f]/g;
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

function windows1252(control: string): string {
  return WINDOWS_1252[control.charCodeAt(0) - 0x80] ?? control;
}

function encodingOfMark([first, second, third]: Uint8Array): string | null {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : null;
}

/**
 * JSON, forms and XML begin with an ASCII character, so that a zero byte beside it shows UTF-16 and its byte order
 * (RFC 4627, section 3). A header that names another encoding than UTF-8 or UTF-16 is believed.
 */
function encodingOfZeros([first = 1, second = 1]: Uint8Array, label: string | null): string | null {
  if ((first === 0) === (second === 0) || !/^(?:utf-?8|utf-?16.*)?$/i.test(label ?? '')) return null;
  return first === 0 ? 'utf-16be' : 'utf-16le';
}

/** Longest beginning of a body in which an XML declaration is searched, in bytes. */
const MAX_DECLARATION_BYTES = 256;

/** Returns the encoding in the XML declaration of an ASCII-compatible body; null without one. */
function declaredEncoding(bytes: Uint8Array): string | null {
  if (bytes[0] !== 0x3c) return null;
  const start = Buffer.from(bytes.subarray(0, MAX_DECLARATION_BYTES)).toString('latin1');
  const declared = /^<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.:-]+)["']/.exec(start)?.[1] ?? null;
  // Such a declaration in readable ASCII is wrong: the document was transcoded on its way.
  return declared === null || /^utf-?16|^ucs-?2|^iso-10646/i.test(declared) ? null : declared;
}

function printable(label: string): string {
  return label.replace(/[^\x20-\x7e]/g, '?').slice(0, 40);
}
