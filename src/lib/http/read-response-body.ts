// Reads the body of an answer, up to a bound: a few hundred kilobytes of gzip can become a gigabyte.

import { failureReason } from './failure-reason.ts';

export interface ResponseBody {
  readonly bytes: Uint8Array;
  /** Why it is not all there; null when it is. */
  readonly cut: string | null;
}

/** Once the head of an answer is there, the answer counts, whatever becomes of its body. */
export async function readResponseBody(body: AsyncIterable<Uint8Array> | null, most: number): Promise<ResponseBody> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let cut: string | null = null;
  try {
    // Leaving the loop early cancels the stream and drops the connection.
    for await (const chunk of body ?? []) {
      const room = most - length;
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      length += Math.min(chunk.length, room);
      if (chunk.length > room) {
        cut = `it is larger than ${most} bytes`;
        break;
      }
    }
  } catch (error) {
    cut = `it broke off: ${failureReason(error)}`;
  }
  return { bytes: Buffer.concat(chunks), cut };
}
