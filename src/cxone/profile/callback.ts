// The callback part of a profile: where a callback contains what, and its verifiers besides the signed URL.

import * as v from 'valibot';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { pointerTo } from '../json-pointer.ts';
import type { ProfileProblem } from './problems.ts';
import { documentRules, maybePlaces, object, oneOf, places, text } from './schema-parts.ts';

/** RFC 9110, section 5.1: a token. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
/** Headers with another meaning, and headers that a proxy may write. */
const TAKEN_HEADERS =
  /^(?:authorization|connection|content-length|content-type|host|transfer-encoding|x-forwarded-for)$/i;

export function isHeaderName(name: string): boolean {
  return HEADER_NAME.test(name);
}

/** Returns whether a header of this name may carry a credential or signature. */
export function isFreeHeader(name: string): boolean {
  return !TAKEN_HEADERS.test(name);
}

const HEADER =
  'must be the name of an HTTP header of its own: for Authorization there are basic, bearer and issued-token';
const header = v.pipe(
  v.string(HEADER),
  v.check((name) => isHeaderName(name) && isFreeHeader(name), HEADER),
);

const PREFIX = 'must be up to 32 visible ASCII characters';

function seconds(min: number, max: number) {
  const range = `must be a whole number of seconds from ${min} to ${max}`;
  return v.pipe(v.number(range), v.integer(range), v.minValue(min, range), v.maxValue(max, range));
}

export const TOLERANCE_SECONDS = 300;
export const LIFETIME_SECONDS = 300;

/** The verifiers by type. Their secrets are in the configuration, never in a profile. */
const VERIFIERS = {
  header: object({ type: v.literal('header'), name: header }),
  basic: object({ type: v.literal('basic') }),
  bearer: object({ type: v.literal('bearer') }),
  /** A bearer token that the receiver issued at /webhook/token. */
  'issued-token': object({
    type: v.literal('issued-token'),
    lifetimeSeconds: v.optional(seconds(60, 3600), LIFETIME_SECONDS),
  }),
  /** An HMAC (RFC 2104) over the bytes of the body, or over `{timestamp}.{body}`. */
  hmac: object({
    type: v.literal('hmac'),
    header,
    algorithm: v.optional(oneOf(['sha256', 'sha512']), 'sha256'),
    encoding: v.optional(oneOf(['hex', 'base64']), 'hex'),
    prefix: v.optional(v.pipe(v.string(PREFIX), v.regex(/^[!-~]{0,32}$/, PREFIX)), ''),
    timestampHeader: v.optional(v.nullable(header), null),
    toleranceSeconds: v.optional(seconds(1, 86_400), TOLERANCE_SECONDS),
  }),
};

const TYPES = Object.keys(VERIFIERS);
const VERIFIER = `must be an object with a "type" that is one of ${TYPES.map((type) => `"${type}"`).join(', ')}`;
const verifier = v.variant('type', Object.values(VERIFIERS) as Values<typeof VERIFIERS>, VERIFIER);
type Values<T> = T[keyof T][];

export type Verifier = v.InferOutput<typeof verifier>;

export const callbackSchema = object({
  executionId: maybePlaces,
  status: places,
  result: maybePlaces,
  error: maybePlaces,
  /** The field of a form that contains the JSON document; null: the form itself is the document. */
  formField: v.optional(v.nullable(text), null),
  ...documentRules,
  /** All must pass; of those that check Authorization, one. */
  verifiers: v.optional(v.array(verifier, 'must be a list of verifiers'), []),
});

/** Returns the problems that the schema does not detect: unknown members, and a second verifier of a type. */
export function verifierProblems(list: Json): ProfileProblem[] {
  if (!Array.isArray(list)) return [];
  const types = list.map((item) => (isJsonObject(item) ? item['type'] : null));
  return list.flatMap((item, index) => {
    const type = types[index];
    if (!isJsonObject(item) || !isType(type)) return [];
    const at = (...path: string[]) => pointerTo(['callback', 'verifiers', index, ...path]);
    const known = Object.keys(VERIFIERS[type].entries);
    const detail = `is unknown here; remove it, or use one of: ${known.join(', ')}`;
    const unknown = Object.keys(item).filter((key) => !known.includes(key));
    const again = types.indexOf(type) < index;
    return [
      ...unknown.map((key) => ({ pointer: at(key), detail })),
      ...(again ? [{ pointer: at('type'), detail: `"${type}" is there already; one of each type is enough` }] : []),
    ];
  });
}

function isType(type: Json | undefined): type is keyof typeof VERIFIERS {
  return typeof type === 'string' && Object.hasOwn(VERIFIERS, type);
}
