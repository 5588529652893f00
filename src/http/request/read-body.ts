// Reads a request's body up to a limit, however it is framed.

/** Longest body accepted from anyone, in bytes. */
export const MAX_BODY_BYTES = 1024 * 1024;

export type RequestBody =
  | { readonly type: 'whole'; readonly bytes: Uint8Array }
  | { readonly type: 'too-large' }
  /** The client went away, or was too slow, before all of it was here. */
  | { readonly type: 'broken' };

const TOO_LARGE: RequestBody = { type: 'too-large' };

/** Never holds more than `limit` bytes; what comes after them is thrown away, during the answer and after it. */
export async function readBody(request: Request, limit = MAX_BODY_BYTES): Promise<RequestBody> {
  try {
    if (request.headers.has('transfer-encoding')) return await readChunks(request, limit);
    // Node holds a body to the length it declares and refuses a request that declares both.
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

/** Reads on into nothing: to cancel would cut the connection before the answer is out, to stop would hold up a client that writes on. */
async function discard(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // The connection is gone; the answer was given before.
  }
}
