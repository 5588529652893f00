// Content codings of HTTP bodies (RFC 9110, section 8.4.1): decoded in full, up to a limit.

import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  type ZlibOptions,
  zstdDecompressSync,
} from 'node:zlib';

/** The codings that are decoded, as a 415 response names them in Accept-Encoding. */
export const ACCEPTED_CODINGS = 'gzip, deflate, br, zstd, identity';

/** More codings in a row have no use, and each costs a pass. */
export const MAX_CODINGS = 4;

export type DecodedContent =
  | { readonly type: 'decoded'; readonly bytes: Uint8Array }
  /** It has more than `maxBytes` after decoding, or between two codings. */
  | { readonly type: 'too-large' }
  | { readonly type: 'corrupt'; readonly reason: string }
  | { readonly type: 'unknown'; readonly coding: string };

type Decoder = (bytes: Uint8Array, maxBytes: number) => Uint8Array;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', (bytes, maxBytes) => gunzipSync(bytes, limit(maxBytes))],
  ['x-gzip', (bytes, maxBytes) => gunzipSync(bytes, limit(maxBytes))],
  // Some senders leave out the zlib header.
  ['deflate', (bytes, maxBytes) => (hasZlibHeader(bytes) ? inflateSync : inflateRawSync)(bytes, limit(maxBytes))],
  ['br', (bytes, maxBytes) => brotliDecompressSync(bytes, limit(maxBytes))],
  ['zstd', decodeZstd],
  ['identity', (bytes) => bytes],
]);

/** Decodes the codings of a Content-Encoding header, the last one first. Synchronous: `maxBytes` bounds the time. */
export function decodeContent(bytes: Uint8Array, contentEncoding: string | null, maxBytes: number): DecodedContent {
  const codings = (contentEncoding ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  const applied = codings.filter((coding) => coding !== '').reverse();
  if (applied.length > MAX_CODINGS) return { type: 'unknown', coding: `more than ${MAX_CODINGS} codings` };
  const unknown = applied.find((coding) => !DECODERS.has(coding));
  if (unknown !== undefined) return { type: 'unknown', coding: unknown };
  let content = bytes;
  for (const coding of applied) {
    // An empty body has no coding to remove.
    if (content.length === 0) break;
    try {
      content = DECODERS.get(coding)?.(content, maxBytes) ?? content;
    } catch (error) {
      return isTooLarge(error)
        ? { type: 'too-large' }
        : { type: 'corrupt', reason: `the body is not valid ${coding}, which its Content-Encoding names` };
    }
  }
  return { type: 'decoded', bytes: content };
}

function limit(maxBytes: number): ZlibOptions {
  // promise: inflation-is-bounded
  return { maxOutputLength: maxBytes };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** RFC 1950, section 2.2: the method is deflate, and the first two bytes are a multiple of 31. */
function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}

/** Decodes each frame separately: zlib's decoder ends silently after the first one, and in Node 22 at a cut. */
function decodeZstd(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let at = 0; at < bytes.length; ) {
    const { end, skippable } = zstdFrame(bytes, at);
    if (!skippable) {
      // maxOutputLength must be at least 1; one byte too many is detected below.
      const part = zstdDecompressSync(bytes.subarray(at, end), { maxOutputLength: maxBytes - size + 1 });
      size += part.length;
      if (size > maxBytes) throw Object.assign(new RangeError('too large'), { code: 'ERR_BUFFER_TOO_LARGE' });
      parts.push(part);
    }
    at = end;
  }
  return Buffer.concat(parts, size);
}

const ZSTD_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** Finds the end of a frame by its headers (RFC 8878, section 3.1). @throws {RangeError} if the frame is cut off. */
function zstdFrame(bytes: Uint8Array, start: number): { readonly end: number; readonly skippable: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(start, true);
  // The last four bits of the number are free.
  if (magic - (magic % 16) === SKIPPABLE_MAGIC) {
    return { end: within(start + 8 + view.getUint32(start + 4, true), bytes), skippable: true };
  }
  if (magic !== ZSTD_MAGIC) throw new RangeError('not a zstd frame');
  const descriptor = view.getUint8(start + 4);
  const isSingleSegment = (descriptor >> 5) & 1;
  const contentSizeBytes = [isSingleSegment, 2, 4, 8][descriptor >> 6] ?? 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = start + 5 + (1 - isSingleSegment) + dictionaryIdBytes + contentSizeBytes;
  for (let isLast = false; !isLast; ) {
    const header = view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
    isLast = (header & 1) === 1;
    // A block of type 1 is one byte that is repeated.
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
  }
  const checksumBytes = (descriptor >> 2) & 1 ? 4 : 0;
  return { end: within(at + checksumBytes, bytes), skippable: false };
}

function within(end: number, bytes: Uint8Array): number {
  if (end > bytes.length) throw new RangeError('the frame is cut off');
  return end;
}
