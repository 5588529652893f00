// The settings that a profile requires, with the name of each variable and a hint. Pure.

import type { Root } from '../url-template.ts';
import { headerSecrets, type Profile } from './profile.ts';

export interface RequiredSetting {
  /** One of these variables suffices; messages name the first as missing. */
  readonly anyOf: readonly [string, ...string[]];
  readonly hint: string;
}

export function requiredSettings(profile: Profile): RequiredSetting[] {
  return [...placeNeeds(profile), ...tokenNeeds(profile.token), ...headerNeeds(profile)];
}

const BASE = ['CXONE_ORG_DOMAIN', 'CXONE_BASE_URL'] as const;

function placeNeeds({ discovery, issuer, token }: Profile): RequiredSetting[] {
  const tokenUrl = discovery?.token?.url ?? (token.kind === 'request' ? token.url : null) ?? '';
  const tokenAt = (root: Root) => tokenUrl.startsWith(`{${root}}/`);
  const api = discovery?.api ?? null;
  const base = 'set the host of your tenant, or CXONE_BASE_URL for a proxy or a simulator';
  const issuing = "set the base URL of CXone's discovery documents";
  const needs: (RequiredSetting | false)[] = [
    api === null && !isInToken(token) && { anyOf: BASE, hint: base },
    api !== null && tokenAt('base') && { anyOf: [...BASE, 'CXONE_TOKEN_URL'], hint: base },
    issuer === null && tokenAt('issuer') && { anyOf: ['CXONE_ISSUER', 'CXONE_TOKEN_URL'], hint: issuing },
    issuer === null && api !== null && { anyOf: ['CXONE_ISSUER', ...BASE], hint: issuing },
    api?.tenantClaim === null && { anyOf: ['CXONE_TENANT_ID', ...BASE], hint: 'set the id of your tenant' },
  ];
  return needs.filter((need) => need !== false);
}

function isInToken(token: Profile['token']): boolean {
  return token.kind === 'request' && token.answer.baseUrl !== null;
}

function headerNeeds(profile: Profile): RequiredSetting[] {
  const names = headerSecrets(profile);
  if (names.length === 0) return [];
  return [{ anyOf: ['CXONE_SECRETS'], hint: `set ${names.map((name) => `${name}:value`).join(',')}` }];
}

function tokenNeeds(token: Profile['token']): RequiredSetting[] {
  if (token.kind === 'static') return [{ anyOf: ['CXONE_TOKEN'], hint: 'set the token' }];
  const { clientAuthentication, fields } = token;
  const client: RequiredSetting[] = [
    { anyOf: ['CXONE_CLIENT_ID'], hint: 'set the client id of the OAuth 2.0 client credentials' },
    clientAuthentication === 'private-key-jwt'
      ? { anyOf: ['CXONE_PRIVATE_KEY'], hint: 'set the private key of the client, or CXONE_PRIVATE_KEY_FILE' }
      : { anyOf: ['CXONE_CLIENT_SECRET'], hint: 'set the client secret of the OAuth 2.0 client credentials' },
  ];
  const accessKey: RequiredSetting[] = [
    { anyOf: ['CXONE_ACCESS_KEY_ID'], hint: 'set the id of the access key' },
    { anyOf: ['CXONE_ACCESS_KEY_SECRET'], hint: 'set the secret of the access key' },
  ];
  return [...(clientAuthentication === 'none' ? [] : client), ...(fields.accessKeyId === null ? [] : accessKey)];
}
