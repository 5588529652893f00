// fetch over undici's `request`: one request, whose response is returned as it is.
//
// The fetch of the standard sends a request again after 421, makes an error of 407, and is observed by weak references, so that each
// exchange stays in memory until a full garbage collection. It also takes twice the processor time.

import { pipeline, type Readable } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import { type Dispatcher, request } from 'undici';
import { MAX_CODINGS } from '../lib/http/content-coding.ts';
import { unlessAborted } from '../lib/http/unless-aborted.ts';

/** Servers disagree about the format of `deflate`. */
const DEFAULT_HEADERS = { accept: '*/*', 'accept-encoding': 'gzip, br', 'user-agent': 'cxone-callback-receiver' };

/** The part of a `Response` that is read. */
export interface PlainResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** Without its content codings; an unknown one is left on it. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The part of `RequestInit` that is used. */
export interface PlainRequest {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string;
  readonly signal?: AbortSignal;
  readonly dispatcher?: Dispatcher;
}

/**
 * Sends one request. Follows no redirect.
 * @throws {Error} of the connection, or the reason of the signal.
 */
export async function plainFetch(url: string, init: PlainRequest = {}): Promise<PlainResponse> {
  const { method = 'GET', headers: given = [], body: content, signal, dispatcher } = init;
  const answer = () =>
    request(url, {
      method: method as Dispatcher.HttpMethod,
      headers: { ...DEFAULT_HEADERS, ...Object.fromEntries(given) },
      body: content ?? null,
      signal: signal ?? null,
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
  const { statusCode, statusText, headers, body } = await (signal ? unlessAborted(signal, answer) : answer());
  const received = headersOf(headers);
  return { status: statusCode, statusText, headers: received, body: decoded(body, received.get('content-encoding')) };
}

function headersOf(raw: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(raw)) {
    for (const value of [values].flat()) headers.append(name, value);
  }
  return headers;
}

type Decoder = () => NodeJS.ReadWriteStream | typeof inflate;

/** A body may end within a coding, as for browsers: its content shows whether it is complete. */
const ZLIB = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH };

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', () => createGunzip(ZLIB)],
  ['x-gzip', () => createGunzip(ZLIB)],
  ['deflate', () => inflate],
  ['br', () => createBrotliDecompress(BROTLI)],
  ['zstd', () => createZstdDecompress()],
]);

function decoded(body: Readable, contentEncoding: string | null): AsyncIterable<Uint8Array> {
  const codings = (contentEncoding ?? '').toLowerCase().split(',');
  const decoders = codings.flatMap((coding) => DECODERS.get(coding.trim()) ?? []);
  if (decoders.length < codings.length || decoders.length > MAX_CODINGS) return body;
  let content: AsyncIterable<Uint8Array> = body;
  // The reader gets the error of a stream.
  for (const decoder of decoders.reverse())
    content = pipeline(content, decoder(), () => {}) as AsyncIterable<Uint8Array>;
  return content;
}

/** Some senders leave out the header of zlib (RFC 1950, section 2.2). */
async function* inflate(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = chunks[Symbol.asyncIterator]();
  const first = await reader.next();
  if (first.done) return;
  async function* whole() {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => reader };
  }
  const hasHeader = ((first.value[0] ?? 0) & 0x0f) === 8;
  yield* pipeline(whole, hasHeader ? createInflate(ZLIB) : createInflateRaw(ZLIB), () => {});
}
