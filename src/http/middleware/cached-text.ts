// Serves a text that is constant while the process runs: created at the first request, cached, with an ETag.

import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { type HeaderFields, respond } from '../response/json.ts';

interface CachedText {
  readonly text: string;
  readonly headers: HeaderFields & { readonly etag: string };
}

export function serveCachedText(make: () => string, headers: HeaderFields): (c: Context) => Response {
  let kept: CachedText | null = null;
  return (c) => {
    kept ??= toCachedText(make(), headers);
    const known = isAmong(kept.headers.etag, c.req.header('if-none-match'));
    return known ? respond(304, null, kept.headers) : respond(200, kept.text, kept.headers);
  };
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
