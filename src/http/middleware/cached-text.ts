// Serves a text that is constant while the process runs: created at the first request, cached, compressed, with an ETag.

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Context } from 'hono';
import { type HeaderFields, respond } from '../response/json.ts';

interface CachedText {
  readonly text: string;
  readonly headers: HeaderFields & { readonly etag: string };
}

function serveCachedText(make: () => string, headers: HeaderFields): (c: Context) => Response {
  let kept: CachedText | null = null;
  return (c) => {
    kept ??= toCachedText(make(), headers);
    const known = isAmong(kept.headers.etag, c.req.header('if-none-match'));
    return known ? respond(304, null, kept.headers) : respond(200, kept.text, kept.headers);
  };
}

/** Serves the text compressed to clients that accept gzip. It must be public: the size of a compressed text depends on all of it. */
export function serveCompressedText(make: () => string, headers: HeaderFields): (c: Context) => Response {
  let kept: { readonly bytes: Uint8Array<ArrayBuffer>; readonly headers: CachedText['headers'] } | null = null;
  const plain = serveCachedText(make, { ...headers, vary: 'accept-encoding' });
  return (c) => {
    if (!acceptsGzip(c.req.header('accept-encoding'))) return plain(c);
    kept ??= compressed(make(), headers);
    const known = isAmong(kept.headers.etag, c.req.header('if-none-match'));
    return known ? respond(304, null, kept.headers) : respond(200, new Response(kept.bytes).body, kept.headers);
  };
}

/** RFC 9110, section 12.5.3: a list of codings, each with an optional weight. */
function acceptsGzip(acceptEncoding = ''): boolean {
  const codings = acceptEncoding.split(',').map((coding) => coding.trim().split(/\s*;\s*q=/i));
  return codings.some(([name, weight = '1']) => name?.toLowerCase() === 'gzip' && Number(weight) > 0);
}

function compressed(text: string, headers: HeaderFields) {
  const bytes = new Uint8Array(gzipSync(text));
  const own = {
    ...headers,
    'content-encoding': 'gzip',
    vary: 'accept-encoding',
    'content-length': String(bytes.length),
  };
  // Each encoding has a tag of its own (RFC 9110, section 8.8.3.3).
  return { bytes, headers: toCachedText(`gzip ${text}`, own).headers };
}

function toCachedText(text: string, headers: HeaderFields): CachedText {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  // Clients may cache it but must revalidate: another version of the receiver may serve the next request.
  return { text, headers: { ...headers, 'cache-control': 'no-cache', etag } };
}

/** RFC 9110, section 13.1.2: a list of strong or weak tags, or `*`. */
function isAmong(etag: string, ifNoneMatch = ''): boolean {
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
