// Sends callbacks over HTTP and reports the response to each.

import http from 'node:http';
import https from 'node:https';

/** Resolves with the status and the outcome in the response (`200 resolved`, `404`), or with `no answer`. Never rejects. */
export type Deliver = (url: string, text: string, contentType: string, signal: AbortSignal) => Promise<string>;

const NO_ANSWER = 'no answer';
/** A response is small JSON; the rest is ignored. */
const MAX_RESPONSE_CHARS = 4096;

export function createDeliver(timeoutMs: number): { deliver: Deliver; close: () => void } {
  const agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };

  const post = (url: string, text: string, contentType: string, signal: AbortSignal): Promise<string | 'stale'> =>
    new Promise((resolve) => {
      const secure = url.startsWith('https:');
      const body = Buffer.from(text);
      const request = (secure ? https : http).request(url, {
        method: 'POST',
        agent: secure ? agents.https : agents.http,
        headers: { 'content-type': contentType, 'content-length': body.length },
        signal,
        timeout: timeoutMs,
      });
      request.on('timeout', () => request.destroy(new Error('no response in time')));
      // A response may arrive before the whole body is sent, for example if the body is too large; later errors do not matter.
      request.on('response', (response) => {
        request.removeAllListeners('error').on('error', () => {});
        let received = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (received.length < MAX_RESPONSE_CHARS) received += chunk;
        });
        response.on('close', () => resolve(describe(response.statusCode ?? 0, received)));
        response.on('error', () => {});
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        resolve(request.reusedSocket && error.code === 'ECONNRESET' ? 'stale' : NO_ANSWER);
      });
      request.end(body);
    });

  return {
    deliver: async (...args) => {
      const result = await post(...args);
      // The peer closed the idle connection at that moment: use a new one (nodejs.org, request.reusedSocket).
      return result === 'stale' ? await post(...args).then((again) => (again === 'stale' ? NO_ANSWER : again)) : result;
    },
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function describe(status: number, body: string): string {
  try {
    const { outcome } = JSON.parse(body) as { outcome?: unknown };
    return typeof outcome === 'string' ? `${status} ${outcome.slice(0, 40)}` : String(status);
  } catch {
    return String(status);
  }
}
