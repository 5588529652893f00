// The token part of a profile: requested with credentials, or static from the configuration.

import * as v from 'valibot';
import { isJsonObject, type Json, type JsonObject } from '../../execution/json.ts';
import { pointerTo } from '../json-pointer.ts';
import { headersSchema } from './headers.ts';
import type { ProfileProblem } from './problems.ts';
import { maybePointer, object, oneOf, pointer, record, template, text } from './schema-parts.ts';

const field = v.nullable(text);

/** Names of the credentials in the body. */
const fields = object({
  clientId: v.optional(text, 'client_id'),
  clientSecret: v.optional(text, 'client_secret'),
  /** Null: neither half of the access key is sent. */
  accessKeyId: v.optional(field, null),
  accessKeySecret: v.optional(field, null),
});

const algorithm = oneOf(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']);

const requiredScopes = v.array(text, 'must be a list of scopes');

const requested = object({
  kind: v.optional(v.literal('request', 'must be "request" or "static"'), 'request'),
  /** Null: discovered. */
  url: v.nullable(template([], [], ['base', 'issuer'])),
  /** The `grant_type` (RFC 6749); null: none is sent. */
  grant: v.nullable(text),
  /** Client authentication: in the body, by HTTP Basic with both parts percent-encoded (RFC 6749, 2.3.1) or without, or none. */
  clientAuthentication: oneOf(['form', 'basic', 'basic-unencoded', 'private-key-jwt', 'none']),
  /** Of the client assertion with `private-key-jwt`. Null: the token endpoint, and the algorithm that fits the key. */
  assertion: v.optional(
    object({ audience: v.optional(v.nullable(text), null), algorithm: v.optional(v.nullable(algorithm), null) }),
    {},
  ),
  /** Static headers of the token request. */
  headers: v.optional(headersSchema, {}),
  /** Encoding of the body. */
  body: v.optional(oneOf(['form', 'json']), 'form'),
  fields: v.optional(fields, {}),
  /** Further members of the body. */
  parameters: record(v.string('must be a text'), 'must be an object of texts'),
  answer: object({
    accessToken: pointer,
    expiresIn: maybePointer,
    scope: maybePointer,
    /** A second JWT whose claims may name the tenant, besides those of the access token. */
    idToken: v.optional(maybePointer, null),
    /** The API's base URL; null: from the configuration or from discovery. */
    baseUrl: v.optional(maybePointer, null),
  }),
  /** A warning is logged if the response names scopes, but not all of these. */
  requiredScopes,
});

/** The token is in the configuration and is never renewed. */
const given = object({ kind: v.literal('static'), requiredScopes: v.optional(requiredScopes, []) });

export const tokenSchema = v.lazy((input): typeof requested | typeof given =>
  isJsonObject(input) && input['kind'] === 'static' ? given : requested,
);

export type TokenRequestPart = v.InferOutput<typeof requested>;

/** Returns the problems that span several parts of the profile. */
export function tokenProblems(token: Json, discovery: Json): ProfileProblem[] {
  if (!isJsonObject(token) || token['kind'] === 'static') return [];
  return [...placeOfToken(token['url'], discovery), ...fieldProblems(token['fields']), ...placeOfApi(token, discovery)];
}

/** A base URL that the token response gives is needed after the token request, and has one source. */
function placeOfApi({ url, answer }: JsonObject, discovery: Json): ProfileProblem[] {
  if (!isJsonObject(answer) || typeof answer['baseUrl'] !== 'string') return [];
  const discovered = isJsonObject(discovery) && isJsonObject(discovery['api']);
  return [
    ...(typeof url === 'string' && url.startsWith('{base}')
      ? [
          {
            pointer: '/token/url',
            detail: 'must not begin with {base}, which the token response gives at /token/answer/baseUrl',
          },
        ]
      : []),
    ...(discovered
      ? [
          {
            pointer: '/token/answer/baseUrl',
            detail: 'must be null when /discovery/api finds the API; remove one of the two',
          },
        ]
      : []),
  ];
}

function placeOfToken(url: Json | undefined, discovery: Json): ProfileProblem[] {
  const discovered = isJsonObject(discovery) && isJsonObject(discovery['token']);
  if (url === null && !discovered) {
    return [
      { pointer: '/token/url', detail: 'must be a URL template, or /discovery/token must say where to look for it' },
    ];
  }
  if (typeof url !== 'string' || !discovered) return [];
  return [{ pointer: '/token/url', detail: 'must be null when /discovery/token finds it; remove one of the two' }];
}

function fieldProblems(named: Json | undefined): ProfileProblem[] {
  if (!isJsonObject(named)) return [];
  const { accessKeyId = null, accessKeySecret = null } = named;
  const half = (accessKeyId === null) !== (accessKeySecret === null);
  const missing = accessKeyId === null ? 'accessKeyId' : 'accessKeySecret';
  const names = Object.entries(named).filter(([, name]) => typeof name === 'string');
  return [
    ...(half
      ? [{ pointer: `/token/fields/${missing}`, detail: 'must be named as the other half of the access key is' }]
      : []),
    ...names.flatMap(([key, name], index) => {
      const earlier = names.slice(0, index).find(([, other]) => other === name);
      if (earlier === undefined) return [];
      return [{ pointer: pointerTo(['token', 'fields', key]), detail: `is the field of ${earlier[0]}` }];
    }),
  ];
}
