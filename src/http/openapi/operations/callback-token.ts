// What whoever calls back gets its bearer token by.

import { TOKEN_PATH } from '../../../callbacks/bearer-tokens.ts';
import type { CallbackToken, TokenError } from '../../schemas/callback-token.ts';
import { headers } from '../headers.ts';
import type { Header, PathItem } from '../model.ts';
import { jsonContent, operation, schema } from '../operation.ts';

const examples = {
  credentials: {
    value: { grant_type: 'client_credentials', client_id: 'cxone', client_secret: 'a-secret-of-this-client' },
  },
};
const issued: CallbackToken = { access_token: 'eyJhbGciOiJIUzI1NiJ9…', token_type: 'Bearer', expires_in: 300 };
const malformed: TokenError = {
  error: 'unsupported_grant_type',
  error_description: 'use grant_type=client_credentials',
};
const unknown: TokenError = { error: 'invalid_client', error_description: 'the client is not known here' };

const Pragma: Header = { description: 'As RFC 6749 asks.', schema: { type: 'string', const: 'no-cache' } };

export const tokens: { readonly [path: string]: PathItem } = {
  [TOKEN_PATH]: {
    post: operation({
      operationId: 'getCallbackToken',
      tag: 'Callbacks',
      access: 'open',
      summary: 'A bearer token for callbacks',
      description: [
        'OAuth 2.0 client credentials (RFC 6749, section 4.4) for the clients in CALLBACK_CLIENTS; 404 when there are none. Callbacks then carry the token as `Authorization: Bearer`, beside their signed URL.',
        'It is served where callbacks are, below PUBLIC_URL. The client is named in the body, a form or the same as JSON, or by HTTP Basic, form-encoded or not.',
      ].join('\n\n'),
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: schema('TokenRequest'), examples },
          'application/x-www-form-urlencoded': { schema: schema('TokenRequest'), examples },
        },
      },
      responses: {
        '200': {
          description: 'A token.',
          headers: { Pragma },
          content: jsonContent('CallbackToken', { issued }),
        },
        '400': {
          description: 'The request is not understood.',
          headers: { Pragma },
          content: jsonContent('TokenError', { malformed }),
        },
        '401': {
          description: 'No client came, or one that is not known here, or from an address that may not call.',
          headers: { Pragma, ...headers('WWW-Authenticate') },
          content: jsonContent('TokenError', { unknown }),
        },
      },
      problems: ['not-found', 'body-too-large', 'internal-error'],
    }),
  },
};
