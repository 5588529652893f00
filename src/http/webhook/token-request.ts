// Reads a token request with client credentials (RFC 6749, sections 2.3.1 and 4.4): a form, or the same fields as JSON.

import { isJsonObject, type Json, parseJson } from '../../execution/json.ts';

export type TokenRequest =
  | {
      readonly type: 'read';
      readonly grant: string;
      /** `id:secret`, in each possible reading; empty if no client is named. */
      readonly clients: readonly string[];
    }
  /** What is wrong and how to correct it; it quotes nothing. */
  | { readonly type: 'malformed'; readonly detail: string };

const HOW = 'send grant_type=client_credentials with client_id and client_secret as a form, or the two by HTTP Basic';

export function readTokenRequest(authorization: string | null, body: Uint8Array): TokenRequest {
  const parameters = parametersIn(new TextDecoder().decode(body));
  if (parameters === null) return malformed('a parameter comes more than once');
  const grant = parameters.get('grant_type');
  if (grant === undefined) return malformed(HOW);
  const [id, secret] = [parameters.get('client_id') ?? '', parameters.get('client_secret')];
  const basic = basicClientsOf(authorization);
  if (basic !== null && secret !== undefined) return malformed('name the client once: by HTTP Basic or in the body');
  if (basic !== null) return { type: 'read', grant, clients: basic };
  return { type: 'read', grant, clients: secret === undefined ? [] : comparable([`${id}:${secret}`]) };
}

/** Null if a parameter is repeated. */
function parametersIn(text: string): Map<string, string> | null {
  const pairs = membersOf(text) ?? [...new URLSearchParams(text)];
  const parameters = new Map(pairs);
  return parameters.size === pairs.length ? parameters : null;
}

function membersOf(text: string): [string, string][] | null {
  if (!/^\s*\{/.test(text)) return null;
  let document: Json;
  try {
    document = parseJson(text);
  } catch {
    return null;
  }
  if (!isJsonObject(document)) return null;
  return Object.entries(document).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []));
}

/** Returns the client of HTTP Basic as `id:secret`, in each possible reading; null without HTTP Basic. */
export function basicClientsOf(authorization: string | null): string[] | null {
  const [, basic] = /^basic +(\S+)$/i.exec(authorization ?? '') ?? [];
  return basic === undefined ? null : basicClients(basic);
}

/** RFC 6749 form-encodes both parts before base64, but many clients do not: both are accepted. */
function basicClients(encoded: string): string[] {
  const plain = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = plain.indexOf(':');
  if (colon < 0) return [];
  const decoded = [plain.slice(0, colon), plain.slice(colon + 1)].map(formDecoded);
  return comparable([plain, decoded.join(':')]);
}

function formDecoded(text: string): string {
  return new URLSearchParams(`x=${text.replaceAll('&', '%26')}`).get('x') ?? '';
}

/** Credentials are ASCII. Other text is dropped, so that decoding cannot turn it into a valid credential. */
function comparable(credentials: readonly string[]): string[] {
  return [...new Set(credentials)].filter((credential) => /^[\x20-\x7e]*$/.test(credential));
}

function malformed(detail: string): TokenRequest {
  return { type: 'malformed', detail };
}
