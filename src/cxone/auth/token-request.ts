// Builds the token request that a profile describes. Pure.

import { Buffer } from 'node:buffer';
import { fillHeaders, type NamedSecret } from '../profile/headers.ts';
import type { TokenRequestPart } from '../profile/token.ts';
import type { HttpRequest } from '../transport.ts';
import { ASSERTION_TYPE } from './client-assertion.ts';
import type { Credentials } from './credentials.ts';

/** `assertion`: the client assertion with `private-key-jwt`. `secrets`: those of its static headers. */
export function buildTokenRequest(
  part: TokenRequestPart,
  url: string,
  credentials: Credentials,
  { assertion = '', secrets = [] }: { readonly assertion?: string; readonly secrets?: readonly NamedSecret[] } = {},
): HttpRequest {
  const { clientId, clientSecret } = clientOf(credentials);
  const { clientAuthentication, fields, grant } = part;
  const members: Record<string, string> = { ...part.parameters, ...(grant === null ? {} : { grant_type: grant }) };
  const headers: Record<string, string> = { ...fillHeaders(part.headers, secrets), accept: 'application/json' };
  switch (clientAuthentication) {
    case 'form':
      members[fields.clientId] = clientId;
      members[fields.clientSecret] = clientSecret;
      break;
    case 'basic':
      headers['authorization'] = `Basic ${basicCredentials(encode(clientId), encode(clientSecret))}`;
      break;
    case 'basic-unencoded':
      headers['authorization'] = `Basic ${basicCredentials(clientId, clientSecret)}`;
      break;
    case 'private-key-jwt':
      members[fields.clientId] = clientId;
      members['client_assertion_type'] = ASSERTION_TYPE;
      members['client_assertion'] = assertion;
      break;
    case 'none':
      break;
    default:
      clientAuthentication satisfies never;
  }
  if (fields.accessKeyId !== null) members[fields.accessKeyId] = credentials.accessKeyId ?? '';
  if (fields.accessKeySecret !== null) members[fields.accessKeySecret] = credentials.accessKeySecret ?? '';
  return { method: 'POST', url, ...written(part.body, members, headers) };
}

function written(
  kind: TokenRequestPart['body'],
  members: Record<string, string>,
  headers: Record<string, string>,
): Pick<HttpRequest, 'headers' | 'body'> {
  switch (kind) {
    case 'form':
      return {
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(members).toString(),
      };
    case 'json':
      return { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(members) };
    default:
      return kind satisfies never;
  }
}

/** Returns each credential in every form in which a request carries it. */
export function secretsOf(credentials: Credentials): string[] {
  const { clientId, clientSecret } = clientOf(credentials);
  return [
    clientSecret,
    credentials.accessKeySecret ?? '',
    credentials.token ?? '',
    credentials.privateKey ?? '',
    ...(clientSecret === ''
      ? []
      : [basicCredentials(clientId, clientSecret), basicCredentials(encode(clientId), encode(clientSecret))]),
  ];
}

// The configuration has been checked against the profile: a null value is not sent.
function clientOf({ clientId, clientSecret }: Credentials): { clientId: string; clientSecret: string } {
  return { clientId: clientId ?? '', clientSecret: clientSecret ?? '' };
}

/** RFC 7617, in UTF-8. */
function basicCredentials(id: string, secret: string): string {
  return Buffer.from(`${id}:${secret}`).toString('base64');
}

/** Encodes as in a form (RFC 6749, 2.3.1), but a space as %20, which form decoders and percent-decoders read alike. */
function encode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1).replaceAll('+', '%20');
}
