// POST /webhook/token: a client gets the bearer token that its callbacks are to carry (RFC 6749, section 4.4).

import type { Context } from 'hono';
import { createSecretCheck } from '../../callbacks/credentials.ts';
import { createSampledWarning } from '../../lib/log-throttle.ts';
import type { HttpDependencies, TokenOutcome } from '../dependencies.ts';
import { createClientAddresses, type RequestOrigin, requestOrigin } from '../middleware/client-address.ts';
import { MAX_BODY_BYTES, type RequestBody, readBody } from '../request/read-body.ts';
import { json } from '../response/json.ts';
import { problem } from '../response/problem.ts';
import type { CallbackToken, TokenError } from '../schemas/callback-token.ts';
import type { CountRefusal } from './refusals.ts';
import { readTokenRequest } from './token-request.ts';

type Dependencies = Pick<HttpDependencies, 'webhook' | 'access' | 'runtime' | 'metrics'>;
type Handler = (c: Context) => Response | Promise<Response>;

/** RFC 6749, section 5.1: on what holds a token; Cache-Control is on every answer. */
const UNCACHED = { pragma: 'no-cache' };
const GRANT = 'client_credentials';

export function createTokenEndpoint(deps: Dependencies, countRefusal: CountRefusal): Handler {
  const { tokens, checks } = deps.webhook;
  const observe = deps.metrics.observeTokenRequest;
  if (tokens === null) return () => problem('not-found', 'There is nothing at this path.');
  const clients = createClientAddresses(deps.access.trustedProxies);
  const isClient = createSecretCheck(tokens.clients.map(({ name, key }) => `${name}:${key}`));
  const refused = createSampledWarning(deps.runtime.log, deps.runtime.world, 'callback tokens refused');

  /** One answer for whatever is wrong with a client, so that it tells nothing. */
  function refuse(caller: RequestOrigin, why: TokenOutcome): Response {
    const { client, headers } = countRefusal(caller);
    observe(why);
    refused(why, { client });
    const authenticate = { 'www-authenticate': 'Basic realm="callbacks"' };
    return failure(401, 'invalid_client', 'the client is not known here', { ...authenticate, ...headers });
  }

  return async (c) => {
    const caller = requestOrigin(c);
    if (checks.checkAddress(() => clients.addressOf(caller)) !== null) return refuse(caller, 'address-not-allowed');
    const body = await readBody(c.req.raw);
    if (body.type !== 'whole') return unread(body.type);
    const request = readTokenRequest(caller.headers.get('authorization'), body.bytes);
    if (request.type === 'malformed') {
      observe('invalid-request');
      return failure(400, 'invalid_request', request.detail);
    }
    // promise: callback-token-needs-client
    const client = request.clients.find(isClient);
    if (client === undefined) return refuse(caller, 'invalid-client');
    if (request.grant !== GRANT) {
      observe('unsupported-grant');
      return failure(400, 'unsupported_grant_type', `use grant_type=${GRANT}`);
    }
    const { token, lifetimeSeconds } = await tokens.issue(client.slice(0, client.indexOf(':')));
    observe('issued');
    const answer: CallbackToken = { access_token: token, token_type: 'Bearer', expires_in: lifetimeSeconds };
    return json(200, answer, UNCACHED);
  };
}

function failure(status: 400 | 401, error: TokenError['error'], detail: string, headers = {}): Response {
  return json(status, { error, error_description: detail } satisfies TokenError, { ...UNCACHED, ...headers });
}

function unread(type: Exclude<RequestBody['type'], 'whole'>): Response {
  return type === 'too-large'
    ? problem('body-too-large', `A body may have ${MAX_BODY_BYTES} bytes at most.`)
    : problem('bad-request', 'The body did not arrive whole.');
}
