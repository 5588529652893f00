// Reads the body of a request up to a limit, with either framing.

import { longWorkSlice } from '../../lib/event-loop.ts';
import type { PlainRequest } from '../fetch.ts';

/** The default limit of a body, in bytes. */
export const MAX_BODY_BYTES = 1024 * 1024;

export type RequestBody =
  | { readonly type: 'whole'; readonly bytes: Uint8Array }
  | { readonly type: 'too-large' }
  /** Not read to its end, because its beginning leads to a rejection. */
  | { readonly type: 'rejected' }
  /** The client disconnected or was too slow. */
  | { readonly type: 'broken' };

const TOO_LARGE: RequestBody = { type: 'too-large' };
const REJECTED: RequestBody = { type: 'rejected' };

/** Of a shorter body, all is inspected at once. */
const MAX_UNINSPECTED_BYTES = 64 * 1024;

/** Receives a body over the limit, chunk by chunk from its beginning. */
export interface LargeBodySink {
  write(chunk: Uint8Array): void;
}

/** A longer body is not read before the response. */
const MAX_SCANNED_BYTES = 128 * 1024 * 1024;
/** A client that sends no more of a body over the limit waits for the response. */
const MAX_IDLE_MS = 1_000;

export interface BodyReaders {
  /** Receives a body over the limit. */
  readonly sink?: LargeBodySink;
  /** Returns false for a chunk that leads to a rejection: the rest is not read. */
  readonly inspect?: (chunk: Uint8Array) => boolean;
}

/** Buffers `limit` bytes at most. The rest goes to the sink, or is left to the server, which discards it after the response. */
export async function readBody(
  request: Pick<PlainRequest, 'headers' | 'body' | 'arrayBuffer'>,
  limit = MAX_BODY_BYTES,
  { sink, inspect }: BodyReaders = {},
): Promise<RequestBody> {
  try {
    const length = Number(request.headers.get('content-length') ?? 0);
    const isLong = inspect !== undefined && length > MAX_UNINSPECTED_BYTES && length <= limit;
    if (request.headers.has('transfer-encoding') || isLong) return await readChunks(request, limit, { sink, inspect });
    const isScanned = sink !== undefined && length > limit && length <= MAX_SCANNED_BYTES;
    if (isScanned && request.body !== null) return await readLarge(request.body.getReader(), [], sink);
    // Node enforces the declared length and refuses a request with both headers.
    if (length > limit) return TOO_LARGE;
    const bytes = new Uint8Array(await request.arrayBuffer());
    return inspect?.(bytes) === false ? REJECTED : { type: 'whole', bytes };
  } catch {
    return { type: 'broken' };
  }
}

async function readChunks(
  request: Pick<PlainRequest, 'body'>,
  limit: number,
  { sink, inspect }: { [R in keyof BodyReaders]: BodyReaders[R] | undefined },
): Promise<RequestBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  if (reader === undefined) return { type: 'whole', bytes: new Uint8Array() };
  for (;;) {
    const next = await reader.read();
    if (next.done) return { type: 'whole', bytes: Buffer.concat(chunks, size) };
    size += next.value.length;
    chunks.push(next.value);
    // All large bodies together inspect a chunk in a turn, so that callbacks do not wait for a chunk of each.
    // promise: large-bodies-are-inspected-in-turns
    await longWorkSlice(inspect !== undefined);
    if (size <= limit && inspect?.(next.value) === false) return REJECTED;
    if (size > limit && sink !== undefined) return readLarge(reader, chunks, sink);
    if (size > limit) return TOO_LARGE;
  }
}

/** Passes a body over the limit to the sink. */
async function readLarge(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  begun: readonly Uint8Array[],
  sink: LargeBodySink,
): Promise<RequestBody> {
  for (const chunk of begun) sink.write(chunk);
  for (let size = 0; size <= MAX_SCANNED_BYTES; ) {
    const next = await unlessIdle(reader.read());
    if (next?.done) return TOO_LARGE;
    if (next === null) break;
    size += next.value.length;
    sink.write(next.value);
  }
  return TOO_LARGE;
}

/** Returns null if nothing arrives in time. */
function unlessIdle<T>(reading: Promise<T>): Promise<T | null> {
  const idle = AbortSignal.timeout(MAX_IDLE_MS);
  return Promise.race([reading, new Promise<null>((resolve) => idle.addEventListener('abort', () => resolve(null)))]);
}
