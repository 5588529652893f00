// Reads the body of a response up to a limit: a few hundred kilobytes of gzip can expand to a gigabyte.

import { failureReason } from './failure-reason.ts';

export interface ResponseBody {
  readonly bytes: Uint8Array;
  /** Why the body is incomplete; null if it is complete. */
  readonly cut: string | null;
}

/** Reads up to `maxBytes`. Never throws: a response with its head counts as received even if its body breaks off. */
export async function readResponseBody(
  body: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
): Promise<ResponseBody> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let cut: string | null = null;
  try {
    // Leaving the loop early cancels the stream and drops the connection.
    for await (const chunk of body ?? []) {
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
