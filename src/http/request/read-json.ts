// Reads a JSON body, or returns the response that states why it cannot be read.

import { type Json, MAX_JSON_DEPTH, parseJson } from '../../execution/json.ts';
import { problem } from '../response/problem.ts';
import { MAX_BODY_BYTES, readBody } from './read-body.ts';

export interface BodyLimits {
  readonly bytes: number;
  /** Levels of nesting. */
  readonly levels: number;
}

const LIMITS: BodyLimits = { bytes: MAX_BODY_BYTES, levels: MAX_JSON_DEPTH };

export type JsonBody =
  | { readonly type: 'read'; readonly value: Json; readonly bytes: number }
  | { readonly type: 'refused'; readonly response: Response };

export async function readJsonBody(request: Request, limits = LIMITS): Promise<JsonBody> {
  const refusal = refuseMediaType(request.headers);
  if (refusal !== null) return refused(refusal);
  const body = await readBody(request, limits.bytes);
  switch (body.type) {
    case 'too-large':
      return refused(problem('body-too-large', `A body may have ${limits.bytes} bytes at most.`));
    case 'broken':
      return refused(problem('bad-request', 'The body did not arrive whole.'));
    case 'whole':
      return parsed(body.bytes, limits.levels);
    default:
      return body satisfies never;
  }
}

function refuseMediaType(headers: Headers): Response | null {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') {
    return problem('unsupported-media-type', 'Send the body uncompressed, without Content-Encoding.', {
      headers: { 'accept-encoding': 'identity' },
    });
  }
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim() ?? '';
  if (/^application\/(?:[\w.!#$&^+-]+\+)?json$/i.test(type)) return null;
  return problem('unsupported-media-type', 'Send JSON, with "Content-Type: application/json".', {
    headers: { accept: 'application/json' },
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parsed(bytes: Uint8Array, levels: number): JsonBody {
  if (bytes.length === 0) return malformed('The body is empty; send a JSON object.');
  try {
    return { type: 'read', value: parseJson(utf8.decode(bytes), levels), bytes: bytes.length };
  } catch (error) {
    if (!(error instanceof SyntaxError)) return malformed('The body is not UTF-8 text.');
    if (error.message.includes('nested')) {
      return malformed(`The JSON is nested too deeply; ${levels} levels are allowed.`);
    }
    // The parser's message may quote the body.
    const place = /line \d+ column \d+/.exec(error.message)?.[0];
    return malformed(`The body is not valid JSON${place === undefined ? '.' : `: look at ${place}.`}`);
  }
}

function malformed(detail: string): JsonBody {
  return refused(problem('malformed-json', detail));
}

function refused(response: Response): JsonBody {
  return { type: 'refused', response };
}
