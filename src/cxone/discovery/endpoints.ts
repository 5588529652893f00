// CXone's endpoints: from the configuration, else from CXone's discovery documents, limited to allowed hosts.

import { type Json, scalarText } from '../../execution/json.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import { fetchJson, type RequestGate } from '../auth/fetch-json.ts';
import { find } from '../json-pointer.ts';
import { TokenUnavailable } from '../port.ts';
import type { Profile } from '../profile/profile.ts';
import { createStaleWhileRevalidate } from '../stale-while-revalidate.ts';
import { fillTemplate } from '../url-template.ts';
import type { AllowedHosts } from './allowed-hosts.ts';

/** Discovered endpoints are refreshed after this time. */
const FRESH_MS = 3_600_000;

/** Longest tenant id that is accepted. */
const MAX_TENANT_ID = 256;

export interface Endpoints {
  /** @throws {TokenUnavailable} if discovery fails. */
  tokenUrl(): Promise<string>;
  /** Returns the value of `{base}`. @throws {TokenUnavailable} if discovery fails. */
  baseUrl(): Promise<string>;
}

export interface EndpointsOptions extends RequestGate {
  readonly profile: Pick<Profile, 'issuer' | 'discovery' | 'token'>;
  /** Each overrides discovery and the profile; null does not. */
  readonly configured: {
    readonly baseUrl: string | null;
    readonly tokenUrl: string | null;
    readonly issuer: string | null;
    readonly tenantId: string | null;
  };
  readonly hosts: AllowedHosts;
  /** Claims of the token, id token first. */
  readonly claims: () => readonly Json[];
  readonly secrets: () => readonly string[];
  readonly world: World;
  readonly log: Log;
}

export function createEndpoints(options: EndpointsOptions): Endpoints {
  const { profile, configured, world, log } = options;
  const { token, api } = profile.discovery ?? { token: null, api: null };
  const base = configured.baseUrl?.replace(/\/+$/, '') ?? null;
  const issuer = (configured.issuer ?? profile.issuer ?? '').replace(/\/+$/, '');
  const roots = { issuer, base: base ?? '' };
  const plainTokenUrl = profile.token.kind === 'request' ? profile.token.url : null;
  const tokenUrl = configured.tokenUrl ?? (plainTokenUrl === null ? null : fillTemplate(plainTokenUrl, roots));

  const logged = new Map<string, string>();

  async function discover(url: string, place: string, what: string): Promise<string> {
    const request = { method: 'GET', url, headers: { accept: 'application/json' } } as const;
    const answer = await fetchJson(options, request, `request for ${what} at ${url}`, options.secrets());
    const found = find(answer, place);
    const problem = found === null ? 'is not there' : options.hosts.problemOf(found);
    if (problem !== null) throw new TokenUnavailable(`${what} that ${url} names at "${place}" ${problem}`);
    const at = String(found);
    if (logged.get(what) !== at) log.info({ url: at, from: url }, `${what} was discovered`);
    logged.set(what, at);
    return at;
  }

  const keep = (ask: () => Promise<string>, what: string) =>
    createStaleWhileRevalidate({
      ...{ world, load: ask, freshMs: FRESH_MS },
      onStale: (error) =>
        log.warn({ reason: reasonOf(error) }, `${what} cannot be asked for again; the last answer stands`),
    });

  function tenantId(claim: string | null): string {
    if (configured.tenantId !== null) return configured.tenantId;
    const named = claim === null ? [] : options.claims().map((claims) => scalarText(find(claims, claim))?.trim() ?? '');
    const id = named.find((text) => text !== '' && text.length <= MAX_TENANT_ID);
    if (id !== undefined) return id;
    const where = claim === null ? 'the profile has no tenantClaim' : `no token claims one at "${claim}"`;
    throw new TokenUnavailable(`the tenant is not known: ${where}; set CXONE_TENANT_ID`);
  }

  async function askForApi(): Promise<string> {
    if (api === null) throw new TokenUnavailable('nothing says where CXone is; set CXONE_BASE_URL');
    const url = fillTemplate(api.url, { issuer, tenantId: tenantId(api.tenantClaim) });
    return (await discover(url, api.baseUrl, API)).replace(/\/+$/, '');
  }

  async function askForTokenUrl(): Promise<string> {
    if (token === null) throw new TokenUnavailable('nothing says where a token is to be had; set CXONE_TOKEN_URL');
    return discover(fillTemplate(token.url, roots), token.tokenUrl, TOKEN_ENDPOINT);
  }

  const discoveredBase = keep(askForApi, API);
  const discoveredTokenUrl = keep(askForTokenUrl, TOKEN_ENDPOINT);
  return {
    tokenUrl: async () => tokenUrl ?? discoveredTokenUrl(),
    baseUrl: async () => base ?? discoveredBase(),
  };
}

const TOKEN_ENDPOINT = 'the token endpoint';
const API = "the API's base URL";
