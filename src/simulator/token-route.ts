// POST /api/v2/oauth/token: client credentials in, access token out (RFC 6749, section 4.4).

import type { Context } from 'hono';
import { json, type SimulatorEnv } from './answers.ts';
import type { Tokens } from './tokens.ts';

/** Credentials come in the form, or as HTTP Basic. */
export async function answerToken(c: Context<SimulatorEnv>, tokens: Tokens): Promise<Response> {
  const form = new URLSearchParams(await c.req.text());
  if (form.get('grant_type') !== 'client_credentials') return json(400, { error: 'unsupported_grant_type' });
  const basic = basicOf(c.req.header('authorization'));
  const clientId = basic?.[0] ?? form.get('client_id') ?? '';
  const clientSecret = basic?.[1] ?? form.get('client_secret') ?? '';
  if (!tokens.know(clientId, clientSecret)) {
    return json(401, { error: 'invalid_client', error_description: 'the client credentials are wrong' });
  }
  return json(200, tokens.issue(), { 'cache-control': 'no-store' });
}

/** Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1). */
function basicOf(header: string | undefined): [string, string] | null {
  const encoded = /^Basic +(\S+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(/:(.*)/s);
  return [decoded(id), decoded(secret)];
}

function decoded(part: string): string {
  return new URLSearchParams(`part=${part}`).get('part') ?? '';
}
