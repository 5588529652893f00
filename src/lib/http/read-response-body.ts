// Reads the body of a response up to a limit: a few hundred kilobytes of gzip can expand to a gigabyte.

import { failureReason } from './failure.ts';

export interface ResponseBody {
  readonly bytes: Uint8Array;
  /** Why the body is incomplete; null if it is complete. */
  readonly cut: string | null;
}

/** Receives a body that is too long to be kept. */
export interface BodySink {
  /** Called once with the beginning and then with each chunk. */
  write(chunk: Uint8Array): void;
  /** Reading ends after this number of bytes. */
  readonly maxBytes: number;
}

/**
 * Reads up to `maxBytes`; what a sink reads beyond them is not kept. Never throws: a response with its head counts as received
 * even if its body breaks off.
 */
export async function readResponseBody(
  body: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
  sink: BodySink | null = null,
): Promise<ResponseBody> {
  const chunks: Uint8Array[] = [];
  let length = 0;

  /** Returns whether more of the body is wanted. */
  function take(chunk: Uint8Array): boolean {
    const room = Math.max(0, maxBytes - length);
    length += chunk.length;
    if (sink !== null && length > maxBytes) {
      for (const part of chunks.splice(0)) sink.write(part);
      sink.write(chunk);
      return length <= sink.maxBytes;
    }
    chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    return length <= maxBytes;
  }

  try {
    // Leaving the loop early cancels the stream and drops the connection.
    for await (const chunk of body ?? []) if (!take(chunk)) break;
  } catch (error) {
    return { bytes: Buffer.concat(chunks), cut: `it broke off: ${failureReason(error)}` };
  }
  return { bytes: Buffer.concat(chunks), cut: length > maxBytes ? `it is larger than ${maxBytes} bytes` : null };
}
