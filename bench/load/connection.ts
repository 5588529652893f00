// One connection of the load generator: a request out, its answer in.

import { connect } from 'node:net';
import { type Answer, createAnswerReader } from './answers.ts';

export interface Connection {
  /** One request at a time. */
  send(bytes: Buffer, answered: (answer: Answer) => void): void;
  close(): void;
}

/** Read into by all connections: what is in it is taken in before the next read. */
const landing = Buffer.allocUnsafe(64 * 1024);

/** `failed` is called once, when the connection cannot be made, breaks, or brings what is no answer. */
export function openConnection(port: number, ready: () => void, failed: (error: Error) => void): Connection {
  const reader = createAnswerReader();
  let waiting: ((answer: Answer) => void) | null = null;
  let closed = false;
  const fail = (error: Error) => {
    if (closed) return;
    closed = true;
    socket.destroy();
    failed(error);
  };
  const take = (bytes: Buffer) => {
    const answer = reader.read(bytes);
    if (answer === null) return;
    if (waiting === null) throw new Error('an answer came that nobody asked for');
    const answered = waiting;
    waiting = null;
    answered(answer);
  };
  const socket = connect({
    ...{ host: '127.0.0.1', port, noDelay: true },
    onread: {
      buffer: landing,
      callback: (length) => {
        if (closed) return false;
        try {
          take(landing.subarray(0, length));
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
        return !closed;
      },
    },
  });
  socket.on('connect', ready);
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed a connection before it answered')));
  return {
    send: (bytes, answered) => {
      waiting = answered;
      socket.write(bytes);
    },
    close: () => {
      closed = true;
      socket.destroy();
    },
  };
}
