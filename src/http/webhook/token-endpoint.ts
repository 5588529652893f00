// POST /webhook/token: issues bearer tokens for callbacks to OAuth 2.0 clients (RFC 6749, section 4.4).

import * as v from 'valibot';
import { TOKEN_PATH } from '../../callbacks/bearer-tokens.ts';
import { createSecretCheck } from '../../callbacks/credentials.ts';
import { createSampledWarning } from '../../lib/log-throttle.ts';
import type { HttpParts, TokenOutcome } from '../dependencies.ts';
import { createClientAddresses, type RequestOrigin, requestOrigin } from '../middleware/client-address.ts';
import { component, jsonResponse, reference } from '../openapi/components.ts';
import { headers } from '../openapi/headers.ts';
import type { Header } from '../openapi/model.ts';
import type { ApiOperation, OpenHandler } from '../openapi/operation.ts';
import { count, described, text } from '../openapi/schema-parts.ts';
import { type RequestBody, readBody } from '../request/read-body.ts';
import { json } from '../response/json.ts';
import { problem } from '../response/problem.ts';
import { basicClientsOf, readTokenRequest } from './token-request.ts';

type Dependencies = Pick<HttpParts, 'webhook' | 'access' | 'runtime' | 'metrics' | 'countRefusal'>;

/** RFC 6749, section 5.1. Cache-Control is on every response. */
const UNCACHED = { pragma: 'no-cache' };
/** A request has an id, a secret and a grant. Anyone may send one, so that each costs little memory. */
const MAX_TOKEN_REQUEST_BYTES = 8 * 1024;
const GRANT = 'client_credentials';
const ERRORS = ['invalid_request', 'invalid_client', 'unsupported_grant_type'] as const;

const TOKEN_REQUEST = component(
  'TokenRequest',
  v.pipe(
    v.looseObject({
      grant_type: described(v.literal(GRANT), 'RFC 6749, section 4.4.'),
      client_id: v.exactOptional(text('Unless the client is named by HTTP Basic.')),
      client_secret: v.exactOptional(v.string()),
    }),
    v.metadata({ additionalProperties: true }),
  ),
);

const CALLBACK_TOKEN = component(
  'CallbackToken',
  v.object({
    access_token: text('For `Authorization: Bearer` of callbacks. Opaque.'),
    token_type: v.literal('Bearer'),
    expires_in: count('The lifetime in seconds.'),
  }),
);

const TOKEN_ERROR = component(
  'TokenError',
  v.object({
    error: v.picklist(ERRORS),
    error_description: text('What is wrong, and how to correct it.'),
  }),
);

const EXAMPLES = {
  credentials: {
    value: { grant_type: GRANT, client_id: 'cxone', client_secret: 'a-secret-of-this-client' },
  },
};

const Pragma: Header = { description: 'Required by RFC 6749.', schema: { type: 'string', const: 'no-cache' } };

export const getCallbackToken: ApiOperation = {
  operationId: 'getCallbackToken',
  method: 'post',
  path: TOKEN_PATH,
  listener: 'webhook',
  tag: 'Callbacks',
  access: 'open',
  summary: 'Get a bearer token for callbacks',
  description: [
    'OAuth 2.0 client credentials (RFC 6749, section 4.4) for the clients in CALLBACK_CLIENTS; 404 if there are none. Callbacks then send the token as `Authorization: Bearer`, in addition to their signed URL.',
    'It is served where callbacks are, below PUBLIC_URL. The client is named in the body, a form or the same fields as JSON, or by HTTP Basic, form-encoded or not.',
  ].join('\n\n'),
  requestBody: {
    required: true,
    description: 'At most 8 KiB.',
    content: {
      'application/json': { schema: reference(TOKEN_REQUEST), examples: EXAMPLES },
      'application/x-www-form-urlencoded': { schema: reference(TOKEN_REQUEST), examples: EXAMPLES },
    },
  },
  responses: {
    '200': jsonResponse(
      'A token.',
      CALLBACK_TOKEN,
      {
        issued: { access_token: 'eyJhbGciOiJIUzI1NiJ9…', token_type: 'Bearer', expires_in: 300 },
      },
      { Pragma },
    ),
    '400': jsonResponse(
      'The request is not understood.',
      TOKEN_ERROR,
      {
        malformed: { error: 'unsupported_grant_type', error_description: 'use grant_type=client_credentials' },
      },
      { Pragma },
    ),
    '401': jsonResponse(
      'The client is missing or unknown, or its address is not allowed.',
      TOKEN_ERROR,
      {
        unknown: { error: 'invalid_client', error_description: 'the client is not known here' },
      },
      { Pragma, ...headers('WWW-Authenticate') },
    ),
  },
  problems: ['not-found', 'body-too-large', 'internal-error'],
  create: createTokenEndpoint,
};

function createTokenEndpoint(deps: Dependencies): OpenHandler {
  const { tokens, checks } = deps.webhook;
  const observe = deps.metrics.observeTokenRequest;
  if (tokens === null) return () => problem('not-found', 'There is nothing at this path.');
  const clients = createClientAddresses(deps.access.trustedProxies);
  const isClient = createSecretCheck(tokens.clients.map(({ name, key }) => `${name}:${key}`));
  /** Basic credentials decide before the body is read. */
  const isPlausible = (authorization: string | null) => basicClientsOf(authorization)?.some(isClient) ?? true;
  const warn = createSampledWarning(deps.runtime.log, deps.runtime.world, 'callback tokens refused');

  /** All refusals get the same 401, so that the response does not reveal the cause. */
  function refuse(origin: RequestOrigin, why: TokenOutcome): Response {
    const { client, headers } = deps.countRefusal(origin);
    observe(why);
    warn(why, { client });
    const authenticate = { 'www-authenticate': 'Basic realm="callbacks"' };
    return failure(401, 'invalid_client', 'the client is not known here', { ...authenticate, ...headers });
  }

  return async (c) => {
    const origin = requestOrigin(c);
    if (checks.checkAddress(() => clients.addressOf(origin)) !== null) return refuse(origin, 'address-not-allowed');
    // promise: bad-client-is-refused-unread
    if (!isPlausible(origin.headers.get('authorization'))) return refuse(origin, 'invalid-client');
    const body = await readBody(c.req.raw, MAX_TOKEN_REQUEST_BYTES);
    if (body.type !== 'whole') return unread(body.type);
    const request = readTokenRequest(origin.headers.get('authorization'), body.bytes);
    if (request.type === 'malformed') {
      observe('invalid-request');
      return failure(400, 'invalid_request', request.detail);
    }
    // promise: callback-token-needs-client
    const client = request.clients.find(isClient);
    if (client === undefined) return refuse(origin, 'invalid-client');
    if (request.grant !== GRANT) {
      observe('unsupported-grant');
      return failure(400, 'unsupported_grant_type', `use grant_type=${GRANT}`);
    }
    const { token, lifetimeSeconds } = await tokens.issue(client.slice(0, client.indexOf(':')));
    observe('issued');
    return json(200, { access_token: token, token_type: 'Bearer', expires_in: lifetimeSeconds }, UNCACHED);
  };
}

function failure(status: 400 | 401, error: (typeof ERRORS)[number], detail: string, headers = {}): Response {
  return json(status, { error, error_description: detail }, { ...UNCACHED, ...headers });
}

function unread(type: Exclude<RequestBody['type'], 'whole'>): Response {
  return type === 'too-large'
    ? problem('body-too-large', `A body may have ${MAX_TOKEN_REQUEST_BYTES} bytes at most.`)
    : problem('bad-request', 'The body did not arrive whole.');
}
