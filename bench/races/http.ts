// HTTP as a sender of completions sees it: the response, also when it comes before the whole body was sent, or the connection error.

import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Answer {
  /** 0: there was no response. */
  readonly status: number;
  readonly text: string;
}

interface Asked {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Resolves with the response, or with the name of the connection error as its text. */
export function ask(url: string, { method = 'POST', headers = {}, body = '' }: Asked = {}): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  const sent = request(url, { method, headers: { ...(body === '' ? {} : length), ...headers }, agent: false });
  let isAnswered = false;
  sent.on('response', (response) => {
    isAnswered = true;
    text(response).then(
      (received) => resolve({ status: response.statusCode ?? 0, text: received }),
      (error: NodeJS.ErrnoException) => resolve({ status: response.statusCode ?? 0, text: String(error.code) }),
    );
  });
  sent.on('error', (error: NodeJS.ErrnoException) => {
    // A server that refuses a large body responds and closes while the body is still being sent.
    if (!isAnswered) resolve({ status: 0, text: error.code ?? error.message });
  });
  sent.end(body);
  return promise;
}
