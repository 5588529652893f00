// Parses responses only as far as counting needs: status, length, and whether the connection closes after them (RFC 9112).

export interface Answer {
  readonly status: number;
  /** The server closes the connection after this response. */
  readonly last: boolean;
}

export interface AnswerReader {
  /**
   * Takes the received bytes; returns the response when it is complete, else null. One response is in flight at a time: no pipelining.
   * @throws Error for bytes that are not a response, or a response without a known length.
   */
  read(bytes: Buffer): Answer | null;
}

interface Head extends Answer {
  /** Length of head and body, in bytes. */
  readonly length: number;
}

export function createAnswerReader(): AnswerReader {
  let kept: Buffer | null = null;
  let head: Head | null = null;
  return {
    read: (bytes) => {
      const all: Buffer = kept === null ? bytes : Buffer.concat([kept, bytes]);
      head ??= readHead(all);
      if (head === null || all.length < head.length) {
        // The read buffer is reused.
        if (all === bytes) kept = Buffer.from(bytes);
        else kept = all;
        return null;
      }
      if (all.length > head.length) throw new Error('more than one response arrived for one request');
      const answer = head;
      kept = null;
      head = null;
      return answer;
    },
  };
}

const STATUS = /^HTTP\/1\.1 (\d{3})/;
const LENGTH = /\r\ncontent-length: *(\d+) *\r\n/i;
const CLOSE = /\r\nconnection: *close *\r\n/i;

function readHead(bytes: Buffer): Head | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const text = bytes.toString('latin1', 0, end + 2);
  const status = STATUS.exec(text)?.[1];
  const length = LENGTH.exec(text)?.[1];
  if (status === undefined || length === undefined) {
    throw new Error(`an answer without status or Content-Length: ${JSON.stringify(text.slice(0, 200))}`);
  }
  return { status: Number(status), last: CLOSE.test(text), length: end + 4 + Number(length) };
}
