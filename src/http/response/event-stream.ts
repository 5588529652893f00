// Responses of server-sent events (WHATWG HTML, section 9.2), which end with their connection.

import type { Context } from 'hono';
import type { Connection } from '../fetch.ts';
import { respond } from './json.ts';

const HEADERS = {
  'content-type': 'text/event-stream',
  // A proxy that compresses would keep events back until its buffer is full.
  // promise: stream-is-not-compressed
  'cache-control': 'no-store, no-transform',
  // Caddy before 2.6.3 ignores no-transform, and compresses only what has no Content-Encoding. RFC 9110 advises against
  // `identity`, and clients ignore it.
  'content-encoding': 'identity',
  // nginx buffers responses by default.
  'x-accel-buffering': 'no',
};

/** Returns the response that sends the body until its connection closes. @param end called when the reader is gone. */
export function eventStream(c: Context, end: () => void, body: () => ReadableStream<Uint8Array>): Response {
  const { connection } = c.env as { readonly connection: Connection | null };
  if (c.req.method === 'HEAD') {
    end();
    return respond(200, null, HEADERS);
  }
  connection?.onClose(end);
  if (c.req.raw.signal.aborted) end();
  return respond(200, body(), HEADERS);
}
