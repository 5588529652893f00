// Reads the headers that apply to all submissions in a body: Idempotency-Key and the trace context.

import type { Context } from 'hono';
import type { SubmissionHeaders } from '../../usecases/submit.ts';
import { traceContextOf } from '../middleware/tracing.ts';
import { invalidHeader } from '../response/problem.ts';

export type ReadSubmissionHeaders =
  | { readonly type: 'read'; readonly arrival: SubmissionHeaders }
  | { readonly type: 'refused'; readonly response: Response };

export function readSubmissionHeaders(c: Context): ReadSubmissionHeaders {
  const idempotencyKey = readIdempotencyKey(c.req.raw.headers.get('idempotency-key'));
  if (!idempotencyKey.valid) {
    return { type: 'refused', response: invalidHeader('Idempotency-Key', idempotencyKey.detail) };
  }
  return { type: 'read', arrival: { idempotencyKey: idempotencyKey.key, ...traceContextOf(c) } };
}

const MAX_CHARS = 255;

/** An RFC 8941 string, in which a backslash escapes a quote or a backslash. */
const STRING = /^"((?:[^"\\]|\\["\\])*)"$/;
/** Several header lines arrive as one list, which is not a key. */
const LIST = /^(?:"(?:[^"\\]|\\.)*"[ \t]*|[^"]*),/;
const BARE = /^[^"]*$/;

const EXAMPLE = 'send for example Idempotency-Key: "order-4711"';

export type ReadKey =
  /** Null if the header is absent. */
  { readonly valid: true; readonly key: string | null } | { readonly valid: false; readonly detail: string };

/** Reads the value, a string in quotes or bare text. The detail of an error does not repeat the value. */
export function readIdempotencyKey(header: string | null): ReadKey {
  if (header === null) return { valid: true, key: null };
  if (LIST.test(header)) return refused('came more than once, or with a comma outside of quotes');
  const [, quoted] = STRING.exec(header) ?? [];
  if (quoted === undefined && !BARE.test(header)) {
    return refused('is not a string of RFC 8941 (in quotes, with \\" and \\\\ for a quote and a backslash inside)');
  }
  const key = quoted?.replace(/\\(.)/g, '$1') ?? header;
  if (key === '') return refused('is empty');
  if (key.length > MAX_CHARS) return refused(`has ${key.length} characters, of which ${MAX_CHARS} are allowed`);
  if (!/^[\x21-\x7e]+$/.test(key)) return refused('contains a space, a control character or a character beyond ASCII');
  return { valid: true, key };
}

function refused(what: string): ReadKey {
  return { valid: false, detail: `${what}; ${EXAMPLE}, with 1 to ${MAX_CHARS} visible ASCII characters` };
}
