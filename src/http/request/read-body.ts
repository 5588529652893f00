// Reads the body of a request up to a limit, with either framing.

/** The default limit of a body, in bytes. */
export const MAX_BODY_BYTES = 1024 * 1024;

export type RequestBody =
  | { readonly type: 'whole'; readonly bytes: Uint8Array }
  | { readonly type: 'too-large' }
  /** The client disconnected or was too slow. */
  | { readonly type: 'broken' };

const TOO_LARGE: RequestBody = { type: 'too-large' };

/** Buffers `limit` bytes at most. The rest is discarded, during and after the response. */
export async function readBody(request: Request, limit = MAX_BODY_BYTES): Promise<RequestBody> {
  try {
    if (request.headers.has('transfer-encoding')) return await readChunks(request, limit);
    // Node enforces the declared length and refuses a request with both headers.
    if (Number(request.headers.get('content-length') ?? 0) > limit) return TOO_LARGE;
    return { type: 'whole', bytes: new Uint8Array(await request.arrayBuffer()) };
  } catch {
    return { type: 'broken' };
  }
}

async function readChunks(request: Request, limit: number): Promise<RequestBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  if (reader === undefined) return { type: 'whole', bytes: new Uint8Array() };
  for (;;) {
    const next = await reader.read();
    if (next.done) return { type: 'whole', bytes: Buffer.concat(chunks, size) };
    size += next.value.length;
    if (size > limit) {
      void discard(reader);
      return TOO_LARGE;
    }
    chunks.push(next.value);
  }
}

/** Discards the rest: cancelling would close the connection before the response is sent, and pausing would block the client. */
async function discard(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // The connection is closed; the response was sent before.
  }
}
