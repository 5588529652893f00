// Fetches the JSON of a token or discovery document. Errors give the reason without secrets.

import { type Json, parseJson } from '../../execution/json.ts';
import { errorMessageIn } from '../error-message.ts';
import { decodeUtf8 } from '../parse-response.ts';
import { TokenUnavailable } from '../port.ts';
import type { HttpRequest, HttpResult } from '../transport.ts';

export interface RequestGate {
  /** Resolves with 0 if a request may be made, else with the milliseconds until one may be made. */
  readonly enter: () => Promise<number>;
  readonly send: (request: HttpRequest) => Promise<HttpResult>;
}

/** Returns the JSON of a 2xx response, null for another format. `what` names the request in messages. @throws {TokenUnavailable} */
export async function fetchJson(
  { enter, send }: RequestGate,
  request: HttpRequest,
  what: string,
  secrets: readonly string[],
): Promise<Json> {
  const paused = await enter();
  if (paused > 0) throw new TokenUnavailable(`CXone asked for a pause: no ${what} was made`, { retryAfterMs: paused });
  const reply = await send(request);
  if (reply.type !== 'answered') throw new TokenUnavailable(`no answer to the ${what}: ${reply.reason}`);
  const { httpStatus, retryAfterMs, body, cut } = reply;
  if (httpStatus < 200 || httpStatus > 299) {
    const words = errorMessageIn(body, secrets);
    const message = `CXone answered the ${what} with ${httpStatus}${words && `: ${words}`}`;
    throw new TokenUnavailable(message, { retryAfterMs, httpStatus });
  }
  const text = cut === null ? decodeUtf8(body) : null;
  return text === null ? null : jsonOrNull(text);
}

function jsonOrNull(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}
