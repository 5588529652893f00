// CXone's endpoints: from the configuration, else from CXone's discovery documents, limited to allowed hosts.

import { type Json, scalarText } from '../../execution/json.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import { fetchJson, type RequestGate } from '../auth/fetch-json.ts';
import { find } from '../json-pointer.ts';
import { TokenUnavailable } from '../port.ts';
import type { Profile } from '../profile/profile.ts';
import { fillTemplate } from '../url-template.ts';
import type { AllowedHosts } from './allowed-hosts.ts';
import { documentLifetimeMs } from './document-lifetime.ts';
import { createStaleIfError, type Loaded, type StaleIfError } from './stale-if-error.ts';

/** Longest tenant id that is accepted. */
const MAX_TENANT_ID = 256;

export type Endpoints = ReturnType<typeof createEndpoints>;

/** Whether CXone has moved from an address at which a request failed. */
export type Move =
  | { readonly type: 'none' }
  | { readonly type: 'moved'; readonly to: string }
  /** Discovery does not respond, for this reason. */
  | { readonly type: 'unknown'; readonly reason: string };

const NO_MOVE: Move = { type: 'none' };

/** Addresses without a trailing slash, which replace those of discovery and of the profile; null for those. */
export interface ConfiguredAddresses {
  readonly baseUrl: string | null;
  readonly tokenUrl: string | null;
  readonly issuer: string | null;
  /** Null: the token names the tenant, where one is needed. */
  readonly tenantId: string | null;
}

export interface EndpointsOptions extends RequestGate {
  readonly profile: Pick<Profile, 'issuer' | 'discovery' | 'token'>;
  readonly configured: ConfiguredAddresses;
  readonly hosts: AllowedHosts;
  /** Claims of the token, id token first. */
  readonly claims: () => readonly Json[];
  /** The API's base URL in the last token response; null without one. */
  readonly tokenBaseUrl?: () => Json;
  readonly secrets: () => readonly string[];
  readonly world: World;
  readonly log: Log;
}

export function createEndpoints(options: EndpointsOptions) {
  const { profile, configured, world, log } = options;
  const { token, api } = profile.discovery ?? { token: null, api: null };
  const base = configured.baseUrl?.replace(/\/+$/, '') ?? null;
  const issuer = (configured.issuer ?? profile.issuer ?? '').replace(/\/+$/, '');
  const roots = { issuer, base: base ?? '' };
  const plainTokenUrl = profile.token.kind === 'request' ? profile.token.url : null;
  const tokenUrl = configured.tokenUrl ?? (plainTokenUrl === null ? null : fillTemplate(plainTokenUrl, roots));

  const logged = new Map<string, string>();

  async function discover(url: string, place: string, what: string): Promise<Loaded<string>> {
    // A shared cache must not answer for the issuer (RFC 9111, section 5.2.1.4).
    const request = {
      method: 'GET',
      url,
      headers: { accept: 'application/json', 'cache-control': 'no-cache' },
    } as const;
    const asked = await fetchJson(options, request, `request for ${what} at ${url}`, options.secrets());
    const found = find(asked.document, place);
    const problem = found === null ? `is not there${asked.said()}` : options.hosts.problemOf(found);
    if (problem !== null) throw new TokenUnavailable(`${what} that ${url} names at "${place}" ${problem}`);
    const at = String(found);
    const before = logged.get(what);
    if (before === undefined) log.info({ url: at, from: url }, `${what} was discovered`);
    else if (before !== at) log.warn({ url: at, before, from: url }, `${what} has moved: discovery names another one`);
    logged.set(what, at);
    return { value: at, lifetimeMs: documentLifetimeMs(url, asked.headers) };
  }

  const keep = (load: () => Promise<Loaded<string>>, what: string) =>
    createStaleIfError({
      ...{ world, load },
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

  async function askForApi(): Promise<Loaded<string>> {
    if (api === null) throw new TokenUnavailable('nothing says where CXone is; set CXONE_BASE_URL');
    const url = fillTemplate(api.url, { issuer, tenantId: tenantId(api.tenantClaim) });
    const { value, lifetimeMs } = await discover(url, api.baseUrl, API);
    return { value: value.replace(/\/+$/, ''), lifetimeMs };
  }

  async function askForTokenUrl(): Promise<Loaded<string>> {
    if (token === null) throw new TokenUnavailable('nothing says where a token is to be had; set CXONE_TOKEN_URL');
    return discover(fillTemplate(token.url, roots), token.tokenUrl, TOKEN_ENDPOINT);
  }

  const isInToken = profile.token.kind === 'request' && profile.token.answer.baseUrl !== null;

  const baseInToken = createBaseInToken(options);

  const discoveredBase = keep(askForApi, API);
  const discoveredTokenUrl = keep(askForTokenUrl, TOKEN_ENDPOINT);
  return {
    /** @throws {TokenUnavailable} if discovery fails. */
    tokenUrl: async (): Promise<string> => tokenUrl ?? discoveredTokenUrl.get(),
    /** Returns the value of `{base}`. @throws {TokenUnavailable} if discovery fails. */
    baseUrl: async (): Promise<string> => base ?? (isInToken ? baseInToken() : discoveredBase.get()),
    /** Requests the token endpoint again after a failure at `failed`. @throws {TokenUnavailable} if none was ever discovered. */
    moveOfTokenUrl: async (failed: string) => (tokenUrl === null ? moveOf(discoveredTokenUrl, failed) : NO_MOVE),
    /** Requests the API's base URL again after a failure at `failed`. @throws {TokenUnavailable} if none was ever discovered. */
    moveOfBaseUrl: async (failed: string) => (base === null && !isInToken ? moveOf(discoveredBase, failed) : NO_MOVE),
  };
}

async function moveOf(address: StaleIfError<string>, failed: string): Promise<Move> {
  const { value, problem } = await address.reload(failed);
  if (value !== failed) return { type: 'moved', to: value };
  return problem === null ? NO_MOVE : { type: 'unknown', reason: reasonOf(problem) };
}

/** The API's base URL in the last token response. It is followed at once when a new token names another: the API has moved. */
function createBaseInToken({ tokenBaseUrl, hosts, log }: EndpointsOptions): () => string {
  let logged = '';
  return () => {
    const named = tokenBaseUrl?.() ?? null;
    const problem = named === null ? 'is not there' : hosts.problemOf(named);
    // promise: token-response-names-allowed-hosts
    if (problem !== null)
      throw new TokenUnavailable(`${API} that the token response names ${problem}; set CXONE_BASE_URL`);
    const url = String(named).replace(/\/+$/, '');
    if (logged !== url) log.info({ url }, `${API} is from the token response`);
    logged = url;
    return url;
  };
}

const TOKEN_ENDPOINT = 'the token endpoint';
const API = "the API's base URL";
