// Fetches the JSON of a token or discovery document. Errors give the reason without secrets.

import type { Json } from '../../execution/json.ts';
import { decodeText } from '../../lib/http/decode-text.ts';
import { errorMessageIn } from '../error-message.ts';
import { TokenUnavailable } from '../port.ts';
import { parseTolerantJson } from '../tolerant-json.ts';
import type { HttpRequest, HttpResult } from '../transport.ts';

export interface RequestGate {
  /** Resolves with 0 if a request may be made, else with the milliseconds until one may be made. */
  readonly enter: () => Promise<number>;
  readonly send: (request: HttpRequest) => Promise<HttpResult>;
}

/** Returns the JSON of a 2xx response, null for another format. `what` names the request in messages. @throws {TokenUnavailable} */
export async function fetchJson(...request: Parameters<typeof fetchDocument>): Promise<Json> {
  return (await fetchDocument(...request)).json;
}

/** Like fetchJson, and returns the header fields of the response as well. @throws {TokenUnavailable} */
export async function fetchDocument(
  { enter, send }: RequestGate,
  request: HttpRequest,
  what: string,
  secrets: readonly string[],
): Promise<{ readonly json: Json; readonly headers: Headers }> {
  const paused = await enter();
  if (paused > 0) throw new TokenUnavailable(`CXone asked for a pause: no ${what} was made`, { retryAfterMs: paused });
  const reply = await send(request);
  if (reply.type !== 'answered') throw new TokenUnavailable(`no answer to the ${what}: ${reply.reason}`);
  const { httpStatus, retryAfterMs, headers, body, contentType, cut } = reply;
  if (httpStatus < 200 || httpStatus > 299) {
    const words = errorMessageIn({ bytes: body, contentType }, secrets);
    const message = `CXone answered the ${what} with ${httpStatus}${words && `: ${words}`}`;
    throw new TokenUnavailable(message, { retryAfterMs, httpStatus });
  }
  const decoded = cut === null ? decodeText(body, contentType) : null;
  return { json: decoded?.type === 'text' ? jsonOrNull(decoded.text) : null, headers };
}

function jsonOrNull(text: string): Json {
  try {
    return parseTolerantJson(text).value;
  } catch {
    return null;
  }
}
