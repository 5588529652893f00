// The variables for the address and the credentials of CXone. The upstream profile defines which of them are required.

import { isIP } from 'node:net';
import * as v from 'valibot';
import type { Credentials } from '../cxone/auth/token-request.ts';
import { loadProfile, type Profile, ProfileError } from '../cxone/profile/profile.ts';
import { requiredSettings } from '../cxone/profile/required-settings.ts';
import { domain, HOST_NAME, items, secret, text, url, withoutTrailingSlash } from './fields.ts';

export interface CxoneConfig extends Credentials {
  /** Without a trailing slash. Null: discovered, as the upstream profile defines. */
  readonly baseUrl: string | null;
  /** Null: the one of the upstream profile. */
  readonly tokenUrl: string | null;
  /** Without a trailing slash. Null: the upstream profile's. */
  readonly issuer: string | null;
  /** Null: the token names the tenant, where one is needed. */
  readonly tenantId: string | null;
  /** Hosts that discovery may name, in addition to those of the URLs above: names, or `*.` and a domain. */
  readonly allowedHosts: readonly string[];
  /** A path, or the name of a shipped profile. Null: the built-in profile. */
  readonly profilePath: string | null;
  /** Where exchanges are recorded; null for nowhere. */
  readonly recordDir: string | null;
}

/** The domains of CXone that NICE documents publicly. */
const NICE_HOSTS = [
  '*.niceincontact.com',
  '*.nice-incontact.com',
  '*.incontact.com',
  '*.nicecxone-gov.com',
  '*.nicecxone-sov1.au',
  '*.nicecxone-sov1.eu',
];

const HOST_PATTERN = 'must be a host name, or "*." and a domain of at least two labels';

const hosts = v.rawTransform<string, string[]>(({ dataset, addIssue }) => {
  const found = items(dataset.value.toLowerCase());
  for (const [index, pattern] of found.entries()) {
    const named = pattern.replace(/^\*\./, '');
    const isHost = HOST_NAME.test(named) && (named === pattern || (named.includes('.') && isIP(named) === 0));
    if (!isHost) addIssue({ message: `entry ${index + 1} ${HOST_PATTERN}` });
  }
  return found;
});

const token = v.pipe(text, v.regex(/^[!-~]+$/, 'must be visible ASCII, without "Bearer" before it'));

/** Defaults are written as in the environment. */
export const CXONE_VARIABLES = {
  CXONE_ORG_DOMAIN: v.optional(domain),
  CXONE_BASE_URL: v.optional(v.pipe(text, url, withoutTrailingSlash)),
  CXONE_TOKEN_URL: v.optional(v.pipe(text, url)),
  CXONE_CLIENT_ID: v.optional(text),
  CXONE_CLIENT_SECRET: v.optional(secret(text)),
  CXONE_ACCESS_KEY_ID: v.optional(text),
  CXONE_ACCESS_KEY_SECRET: v.optional(secret(text)),
  CXONE_TOKEN: v.optional(secret(token)),
  CXONE_ISSUER: v.optional(v.pipe(text, url, withoutTrailingSlash)),
  CXONE_TENANT_ID: v.optional(text),
  CXONE_ALLOWED_HOSTS: v.optional(v.pipe(text, hosts), NICE_HOSTS.join(',')),
  CXONE_PROFILE: v.optional(text),
  CXONE_RECORD_DIR: v.optional(text),
};

type CxoneEnvironment = v.InferOutput<v.ObjectSchema<typeof CXONE_VARIABLES, undefined>>;

export function cxoneOf(env: CxoneEnvironment): CxoneConfig {
  const ofDomain = env.CXONE_ORG_DOMAIN === undefined ? null : `https://${env.CXONE_ORG_DOMAIN}`;
  return {
    baseUrl: env.CXONE_BASE_URL ?? ofDomain,
    tokenUrl: env.CXONE_TOKEN_URL ?? null,
    issuer: env.CXONE_ISSUER ?? null,
    tenantId: env.CXONE_TENANT_ID ?? null,
    clientId: env.CXONE_CLIENT_ID ?? null,
    clientSecret: env.CXONE_CLIENT_SECRET ?? null,
    accessKeyId: env.CXONE_ACCESS_KEY_ID ?? null,
    accessKeySecret: env.CXONE_ACCESS_KEY_SECRET ?? null,
    token: env.CXONE_TOKEN ?? null,
    allowedHosts: env.CXONE_ALLOWED_HOSTS,
    profilePath: env.CXONE_PROFILE ?? null,
    recordDir: env.CXONE_RECORD_DIR ?? null,
  };
}

type Given = Readonly<Record<string, string | undefined>>;

/** Returns messages on the variables that the profile requires and that are not set. Readers of an invalid profile report it. */
export function missingFor(given: Given): ReadonlyMap<string, string> {
  const profile = profileOf(given['CXONE_PROFILE'] ?? null);
  if (profile === null) return new Map();
  // promise: missing-settings-at-start
  const needs = requiredSettings(profile).filter(({ anyOf }) => anyOf.every((name) => given[name] === undefined));
  const why = given['CXONE_PROFILE'] === undefined ? '' : ` (the upstream profile "${profile.name}" needs it)`;
  return new Map(needs.map(({ anyOf: [name], hint }) => [name, `missing; ${hint}${why}`]));
}

function profileOf(pathOrName: string | null): Profile | null {
  try {
    return loadProfile(pathOrName);
  } catch (error) {
    if (error instanceof ProfileError) return null;
    throw error;
  }
}
