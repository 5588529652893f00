// Reads the body of a response up to a limit: a few hundred kilobytes of gzip can expand to a gigabyte.

import { failureReason } from './failure-reason.ts';

export interface ResponseBody {
  readonly bytes: Uint8Array;
  /** Why the body is incomplete; null if it is complete. */
  readonly cut: string | null;
}

/** Receives a body that is too long to be kept. */
export interface BodySink {
  /** Called once with the beginning and then with each chunk. */
  write(chunk: Uint8Array): void;
  /** After so many bytes reading ends. */
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
  let chunks: Uint8Array[] = [];
  let length = 0;
  let passed = 0;
  let cut: string | null = null;
  try {
    // Leaving the loop early cancels the stream and drops the connection.
    for await (const chunk of body ?? []) {
      if (sink !== null && passed + length + chunk.length > maxBytes) {
        for (const part of [...chunks, chunk]) sink.write(part);
        passed += length + chunk.length;
        [chunks, length] = [[], 0];
        cut = `it is larger than ${maxBytes} bytes`;
        if (passed > sink.maxBytes) break;
        continue;
      }
      const room = maxBytes - length;
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      length += Math.min(chunk.length, room);
      if (chunk.length > room) {
        cut = `it is larger than ${maxBytes} bytes`;
        break;
      }
    }
  } catch (error) {
    cut = `it broke off: ${failureReason(error)}`;
  }
  return { bytes: Buffer.concat(chunks), cut };
}
