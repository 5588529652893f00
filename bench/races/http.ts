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
  readonly body?: string;
  /** Asks whether to send the body (RFC 9110, section 10.1.1): a server that refuses it by its length may close the connection. */
  readonly asksFirst?: boolean;
}

/** Resolves with the response, or with the name of the connection error as its text. */
export function ask(url: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'POST', headers = {}, body = '', asksFirst = false } = asked;
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  const expect = asksFirst ? { expect: '100-continue' } : {};
  const all = { ...(body === '' ? {} : length), ...expect, ...headers };
  const sent = request(url, { method, headers: all, agent: false });
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
  if (asksFirst) {
    sent.on('continue', () => sent.end(body));
    sent.flushHeaders();
  } else sent.end(body);
  return promise;
}
