// One connection of the load generator: sends a request and reads its response.

import { connect } from 'node:net';
import { type Answer, createAnswerReader } from './answers.ts';

export interface Connection {
  /** Takes one request at a time. */
  send(bytes: Buffer, answered: (answer: Answer) => void): void;
  close(): void;
}

/** Shared read buffer of all connections: its content is parsed before the next read. */
const landing = Buffer.allocUnsafe(64 * 1024);

/** `failed` is called once, when the connection cannot be made, breaks, or delivers bytes that are not a response. */
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
    if (waiting === null) throw new Error('a response arrived without a request');
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
  socket.on('close', () => fail(new Error('the server closed a connection before it responded')));
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
