// The token endpoints, one for each grant that CXone documents. A request in any other form is refused.

import type { Context, Hono, MiddlewareHandler } from 'hono';
import { isJsonObject, type JsonObject } from '../execution/json.ts';
import type { CallParts, Calls } from './calls.ts';
import { dialectOf } from './dialects.ts';
import type { SimulatorOptions } from './options.ts';
import type { Move } from './outage.ts';
import { readJson } from './read-json.ts';
import { json, type SimulatorEnv } from './responses.ts';
import type { Tokens } from './tokens.ts';

type Handler = (c: Context<SimulatorEnv>) => Promise<Response>;

interface Parts extends Pick<CallParts, 'move' | 'tokens' | 'options'> {
  readonly app: Hono<SimulatorEnv>;
  readonly calls: Calls;
  /** Aborts when the simulator closes. */
  readonly closing: AbortSignal;
}

export function addTokenRoutes({ app, calls, move, tokens, options, closing }: Parts): void {
  const { token } = dialectOf(options.dialect);
  const slow: MiddlewareHandler = async (_, next) => {
    if (options.tokenLatencyMs > 0) await options.world.sleep(options.tokenLatencyMs, closing);
    await next();
  };
  const add = (path: string, handler: Handler) =>
    app.post(path, calls.counted('token'), slow, calls.limited, options.resourceServer ? namingApi(handler) : handler);
  switch (token) {
    case 'client':
      add('/api/v2/oauth/token', (c) => client(c, tokens));
      return;
    case 'discovered-client':
      addDiscovery(app, options, move);
      add('/auth/token', (c) => discovered(c, tokens, 'client_credentials'));
      return;
    case 'discovered-access-key':
      addDiscovery(app, options, move);
      add('/auth/token', (c) => discovered(c, tokens, 'password'));
      return;
    case 'access-key':
      add('/authentication/v1/token/access-key', (c) => accessKey(c, tokens));
      return;
    case 'static':
      return;
    default:
      token satisfies never;
  }
}

function namingApi(handler: Handler): Handler {
  return async (c) => {
    const response = await handler(c);
    if (!response.ok) return response;
    const body = (await response.json()) as JsonObject;
    return json(200, { ...body, resource_server_base_uri: `${new URL(c.req.url).origin}/` }, NO_STORE);
  };
}

/** OpenID Connect Discovery 1.0, section 4, and CXone's document about a tenant. The simulator is both issuer and API. */
function addDiscovery(app: Hono<SimulatorEnv>, { tenantId, discoverySeconds }: SimulatorOptions, move: Move): void {
  const lifetime = discoverySeconds === null ? {} : { 'cache-control': `max-age=${discoverySeconds}` };
  app.get('/.well-known/openid-configuration', (c) => {
    const { origin } = new URL(c.req.url);
    const endpoints = { token_endpoint: `${origin}/auth/token`, jwks_uri: `${origin}/auth/jwks` };
    return json(200, { issuer: origin, ...endpoints }, lifetime);
  });
  app.get('/.well-known/cxone-configuration', (c) => {
    if (c.req.query('tenantId') !== tenantId) return json(404, { message: 'there is no such tenant' });
    const { origin } = new URL(c.req.url);
    const document = { tenant_id: tenantId, api_endpoint: move.apiOrigin(origin), auth_endpoint: origin };
    return json(200, document, lifetime);
  });
}

/** Client credentials in the form or as HTTP Basic (RFC 6749, section 4.4). */
async function client(c: Context<SimulatorEnv>, tokens: Tokens): Promise<Response> {
  const form = new URLSearchParams(await c.req.text());
  if (form.get('grant_type') !== 'client_credentials') return json(400, { error: 'unsupported_grant_type' });
  const [id, secret] = basicOf(c) ?? [form.get('client_id') ?? '', form.get('client_secret') ?? ''];
  return tokens.know(id, secret) ? given(tokens) : wrongClient();
}

/** A form with one grant and no other field; the client authenticates with HTTP Basic. */
async function discovered(c: Context<SimulatorEnv>, tokens: Tokens, grant: 'client_credentials' | 'password') {
  const refused = refusedType(c, 'application/x-www-form-urlencoded');
  if (refused !== null) return refused;
  const form = new URLSearchParams(await c.req.text());
  if (form.get('grant_type') !== grant) {
    return json(400, { error: 'unsupported_grant_type', error_description: `the grant here is ${grant}` });
  }
  const extra = unknownIn(Object.fromEntries(form), ['grant_type', ...(grant === 'password' ? KEY_FIELDS : [])]);
  if (extra !== null) return json(400, { error: 'invalid_request', error_description: `${extra} is unknown here` });
  const basic = basicOf(c);
  if (basic === null || !tokens.know(...basic)) return wrongClient();
  if (grant === 'password' && !tokens.knowKey(form.get('username') ?? '', form.get('password') ?? '')) {
    return json(400, { error: 'invalid_grant', error_description: 'the access key is wrong' });
  }
  // With an access key, only the token itself states its lifetime.
  const { expires_in, ...rest } = tokens.issue();
  return json(200, grant === 'password' || expires_in === undefined ? rest : { ...rest, expires_in }, NO_STORE);
}

const KEY_FIELDS = ['username', 'password'];

/** `{accessKeyId, accessKeySecret}` as JSON, without client credentials. */
async function accessKey(c: Context<SimulatorEnv>, tokens: Tokens): Promise<Response> {
  const refused = refusedType(c, 'application/json');
  if (refused !== null) return refused;
  if (c.req.header('authorization') !== undefined) return json(400, { message: 'there is no client to name here' });
  const body = readJson(await c.req.text(), null);
  if (!isJsonObject(body)) return json(400, { message: 'the body is not a JSON object' });
  const extra = unknownIn(body, ['accessKeyId', 'accessKeySecret']);
  if (extra !== null) return json(400, { message: `${extra} is unknown here` });
  if (!tokens.knowKey(String(body['accessKeyId']), String(body['accessKeySecret']))) {
    return json(401, { message: 'the access key is wrong' });
  }
  const { expires_in, ...rest } = tokens.issue();
  return json(200, expires_in === undefined ? rest : { ...rest, expires_in: String(expires_in) }, NO_STORE);
}

const NO_STORE = { 'cache-control': 'no-store' };

function given(tokens: Tokens): Response {
  return json(200, tokens.issue(), NO_STORE);
}

function wrongClient(): Response {
  return json(401, { error: 'invalid_client', error_description: 'the client credentials are wrong' });
}

function refusedType(c: Context<SimulatorEnv>, type: string): Response | null {
  const sent = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  return sent === type ? null : json(415, { message: `expected ${type}` });
}

function unknownIn(members: JsonObject, known: readonly string[]): string | null {
  return Object.keys(members).find((name) => !known.includes(name)) ?? null;
}

/** Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1). */
function basicOf(c: Context<SimulatorEnv>): [string, string] | null {
  const encoded = /^Basic +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (encoded === undefined) return null;
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(/:(.*)/s);
  return [decoded(id), decoded(secret)];
}

function decoded(part: string): string {
  return new URLSearchParams(`part=${part}`).get('part') ?? '';
}
