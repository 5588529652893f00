// Fetches the JSON of a token or discovery document. Errors give the reason without secrets.

import { isJsonObject, type Json, parseJson } from '../../execution/json.ts';
import { decodeText } from '../../lib/http/decode-text.ts';
import { excerpt } from '../../lib/http/excerpt.ts';
import { errorMessageIn, messageIn, statusMessage, titleOfPage } from '../error-message.ts';
import { TokenUnavailable } from '../port.ts';
import { redirectTarget } from '../redirect-target.ts';
import { parseTolerantJson } from '../tolerant-json.ts';
import type { HttpRequest, HttpResult } from '../transport.ts';

export interface RequestGate {
  /** Resolves with 0 if a request may be made, else with the milliseconds until one may be made. */
  readonly enter: () => Promise<number>;
  readonly send: (request: HttpRequest) => Promise<HttpResult>;
}

export interface Fetched {
  /** Null for another format. */
  readonly document: Json;
  readonly headers: Headers;
  readonly httpStatus: number;
  /** Returns what the response says instead of the expected value, as the end of a sentence; empty if it says nothing. */
  readonly said: () => string;
  /** Why the end of the response was lost although its document is complete; null if it was not. */
  readonly cut: string | null;
  /** The `error` of an OAuth response; null without one. */
  readonly errorCode: string | null;
}

/** Returns the JSON of a 2xx response. `what` names the request in messages. @throws {TokenUnavailable} */
export async function fetchJson(
  { enter, send }: RequestGate,
  request: HttpRequest,
  what: string,
  secrets: readonly string[],
): Promise<Fetched> {
  const paused = await enter();
  if (paused > 0) throw new TokenUnavailable(`CXone asked for a pause: no ${what} was made`, { retryAfterMs: paused });
  const reply = await send(request);
  if (reply.type !== 'answered') throw new TokenUnavailable(`no answer to the ${what}: ${reply.reason}`);
  const { httpStatus, retryAfterMs, headers, body: bytes, contentType, cut } = reply;
  const decoded = decodeText(bytes, contentType);
  const text = decoded.type === 'text' ? decoded.text : '';
  // promise: cut-token-response-counts
  const document = cut === null ? jsonOrNull(text) : completeObject(text);
  const errorCode = errorCodeIn(document);
  if (httpStatus < 200 || httpStatus > 299) {
    const target = redirectTarget(reply, request.url, secrets);
    const words = errorMessageIn({ bytes, contentType }, secrets);
    const message = `${statusMessage(`the ${what} with `, httpStatus)}${target && `, a redirect to ${target}, which is not followed`}${words && `: ${words}`}`;
    throw new TokenUnavailable(message, { retryAfterMs, httpStatus, errorCode });
  }
  const said = () => saidInstead(document, cut, { bytes, contentType }, secrets);
  return { document, headers, httpStatus, said, errorCode, cut: document === null ? null : cut };
}

/** Quotes errors and titles only: anything else in a response of 200 may be a token at another place. */
function saidInstead(
  document: Json,
  cut: string | null,
  body: { readonly bytes: Uint8Array; readonly contentType: string | null },
  secrets: readonly string[],
): string {
  if (cut !== null && document === null) return `: the response is incomplete (${cut})`;
  const words = messageIn(document, secrets);
  if (words !== '') {
    const code = excerpt(Buffer.from(errorCodeIn(document) ?? ''), secrets);
    return code === '' || words.includes(code) ? `: ${words}` : `: ${code}: ${words}`;
  }
  const title = titleOfPage(body, secrets);
  if (title !== null) return `: it is a web page${title && ` with the title "${title}"`}`;
  return document === null ? ': it is not JSON' : '';
}

function errorCodeIn(document: Json): string | null {
  const code = isJsonObject(document) ? document['error'] : null;
  return typeof code === 'string' && code.trim() !== '' ? code.trim() : null;
}

/** An object that parses is complete, although the end of its response was lost. Nothing else shows its own end. */
function completeObject(text: string): Json {
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

function jsonOrNull(text: string): Json {
  try {
    return parseTolerantJson(text).value;
  } catch {
    return null;
  }
}
