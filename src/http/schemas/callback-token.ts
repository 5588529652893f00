// What is asked and answered where tokens for callbacks are given out, in the words of RFC 6749.

import * as v from 'valibot';
import { count } from './parts.ts';

export const TOKEN_REQUEST = v.pipe(
  v.looseObject({
    grant_type: v.pipe(v.literal('client_credentials'), v.description('RFC 6749, section 4.4.')),
    client_id: v.exactOptional(v.pipe(v.string(), v.description('Unless the client is named by HTTP Basic.'))),
    client_secret: v.exactOptional(v.string()),
  }),
  v.metadata({ additionalProperties: true }),
);

export const CALLBACK_TOKEN = v.object({
  access_token: v.pipe(v.string(), v.description('For `Authorization: Bearer` of callbacks. Opaque.')),
  token_type: v.literal('Bearer'),
  expires_in: count('Seconds for which it is good.'),
});

export const TOKEN_ERROR = v.object({
  error: v.picklist(['invalid_request', 'invalid_client', 'unsupported_grant_type']),
  error_description: v.pipe(v.string(), v.description('What is wrong and how to put it right.')),
});

export type CallbackToken = v.InferOutput<typeof CALLBACK_TOKEN>;
export type TokenError = v.InferOutput<typeof TOKEN_ERROR>;
