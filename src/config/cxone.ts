// The variables for the address and the credentials of CXone. The upstream profile defines which of them are required.

import { isIP } from 'node:net';
import * as v from 'valibot';
import { privateKeyProblem } from '../cxone/auth/client-assertion.ts';
import type { Credentials } from '../cxone/auth/credentials.ts';
import { headerSecrets, isPollable, loadProfile, type Profile, ProfileError } from '../cxone/profile/profile.ts';
import { requiredSettings } from '../cxone/profile/required-settings.ts';
import { callbackProblems } from './callback-problems.ts';
import { checked, domain, HOST_NAME, items, keys, secret, text, texts, url, withoutTrailingSlash } from './fields.ts';
import { readSecret } from './secret-files.ts';

export type CxoneConfig = ReturnType<typeof cxoneOf>;

/** The domains of CXone that NICE documents publicly. */
const NICE_HOSTS = [
  '*.niceincontact.com',
  '*.nice-incontact.com',
  '*.incontact.com',
  '*.nicecxone-gov.com',
  '*.nicecxone-sov1.au',
  '*.nicecxone-sov1.eu',
];

/** A shorter secret would hide parts of words in messages. */
const MIN_HEADER_SECRET_LENGTH = 8;

const hosts = v.pipe(
  text,
  v.toLowerCase(),
  texts((pattern) => {
    const named = pattern.replace(/^\*\./, '');
    const isHost = HOST_NAME.test(named) && (named === pattern || (named.includes('.') && isIP(named) === 0));
    return isHost ? null : 'must be a host name, or "*." and a domain of at least two labels';
  }),
);

const token = v.pipe(text, v.regex(/^[!-~]+$/, 'must be visible ASCII, without "Bearer" before it'));

/** In a variable, "\\n" stands for a line end. */
const privateKey = v.pipe(
  text,
  v.transform((pem) => pem.replaceAll('\\n', '\n')),
  checked(privateKeyProblem),
);

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
  CXONE_PRIVATE_KEY: v.optional(secret(privateKey)),
  CXONE_PRIVATE_KEY_ID: v.optional(text),
  CXONE_SECRETS: v.optional(secret(v.pipe(text, keys(MIN_HEADER_SECRET_LENGTH)))),
  CXONE_ISSUER: v.optional(v.pipe(text, url, withoutTrailingSlash)),
  CXONE_TENANT_ID: v.optional(text),
  CXONE_ALLOWED_HOSTS: v.optional(hosts, NICE_HOSTS.join(',')),
  CXONE_PROFILE: v.optional(text),
  CXONE_RECORD_DIR: v.optional(text),
};

type CxoneEnvironment = v.InferOutput<v.ObjectSchema<typeof CXONE_VARIABLES, undefined>>;

/** `given` are the variables as they are set, with those that name files. */
export function cxoneOf(env: CxoneEnvironment, given: Given) {
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
    privateKey: env.CXONE_PRIVATE_KEY ?? null,
    privateKeyId: env.CXONE_PRIVATE_KEY_ID ?? null,
    /** Secrets that headers of the profile use. */
    headerSecrets: env.CXONE_SECRETS ?? [],
    /** The files of credentials: each may be rewritten while the receiver runs. */
    secretFiles: secretFilesIn(given),
    /** Hosts that discovery may name, in addition to those of the URLs above: names, or `*.` and a domain. */
    allowedHosts: env.CXONE_ALLOWED_HOSTS,
    /** A path, or the name of a shipped profile. Null: the built-in profile. */
    profilePath: env.CXONE_PROFILE ?? null,
    /** Where exchanges are recorded; null for nowhere. */
    recordDir: env.CXONE_RECORD_DIR ?? null,
  };
}

type Given = Readonly<Record<string, string | undefined>>;

const IN_FILES = {
  clientSecret: 'CXONE_CLIENT_SECRET_FILE',
  accessKeySecret: 'CXONE_ACCESS_KEY_SECRET_FILE',
  token: 'CXONE_TOKEN_FILE',
  privateKey: 'CXONE_PRIVATE_KEY_FILE',
} as const;

function secretFilesIn(given: Given): Readonly<Partial<Record<keyof Credentials, string>>> {
  const files = Object.entries(IN_FILES).map(([name, variable]) => [name, given[variable]?.trim()] as const);
  return Object.fromEntries(files.filter(([, file]) => file));
}

/** Returns the credentials that are in files, as they are now. One whose file cannot be used keeps its value; `onProblem` reports it. */
export function rereadCredentials(
  { secretFiles }: Pick<CxoneConfig, 'secretFiles'>,
  onProblem: (variable: string, problem: string) => void,
): Partial<Credentials> {
  const read = Object.entries(secretFiles).flatMap(([name, file]) => {
    const found = readSecret(file);
    const problem = 'problem' in found ? found.problem : problemWith(name, found.secret);
    if ('secret' in found && problem === null) return [[name, found.secret] as const];
    onProblem(IN_FILES[name as keyof typeof IN_FILES], problem ?? '');
    return [];
  });
  return Object.fromEntries(read);
}

function problemWith(name: string, secret: string): string | null {
  return name === 'privateKey' ? privateKeyProblem(secret) : null;
}

/** Returns messages on an unusable profile, or on the variables that the profile requires and that are not set. */
export function profileProblems(given: Given, profile: Profile | ProfileError): ReadonlyMap<string, string> {
  // promise: unusable-profile-at-start
  if (profile instanceof ProfileError) return new Map([['CXONE_PROFILE', profile.message.replaceAll('\n', '\n  ')]]);
  // promise: missing-settings-at-start
  const needs = requiredSettings(profile).filter(({ anyOf }) => anyOf.every((name) => given[name] === undefined));
  const why = given['CXONE_PROFILE'] === undefined ? '' : ` (the upstream profile "${profile.name}" needs it)`;
  return new Map([
    ...unfittingKey(profile, given['CXONE_PRIVATE_KEY']),
    ...unnamedSecrets(profile, given['CXONE_SECRETS']),
    ...unusableTrust(profile, given['CALLBACK_TRUST']),
    ...callbackProblems(profile.callback.verifiers, (name) => given[name] !== undefined),
    ...needs.map(({ anyOf: [name], hint }) => [name, `missing; ${hint}${why}`] as const),
  ]);
}

/** The schema reports a text that is not a key. */
function unfittingKey({ token: part }: Profile, given: string | undefined): [string, string][] {
  const pem = given?.replaceAll('\\n', '\n');
  if (pem === undefined || part.kind === 'static' || privateKeyProblem(pem) !== null) return [];
  const problem = privateKeyProblem(pem, part.assertion.algorithm);
  return problem === null ? [] : [['CXONE_PRIVATE_KEY', problem]];
}

function unnamedSecrets(profile: Profile, listed: string | undefined): [string, string][] {
  if (listed === undefined) return [];
  const known = items(listed).map((item) => item.split(':')[0]);
  const missing = headerSecrets(profile).filter((name) => !known.includes(name));
  if (missing.length === 0) return [];
  return [['CXONE_SECRETS', `lacks ${missing.join(', ')}, which headers of the upstream profile use; add name:value`]];
}

/** Each execution would time out, and its result would be lost: a callback only causes a poll, and there is none. */
function unusableTrust(profile: Profile, trust: string | undefined): [string, string][] {
  // promise: verify-needs-polls
  if (trust !== 'verify' || isPollable(profile)) return [];
  return [['CALLBACK_TRUST', `must be signature: by the upstream profile "${profile.name}" CXone cannot be polled`]];
}

/** Reads the upstream profile that the variables name; returns the reason why it is unusable. */
export function readProfile(given: Given): Profile | ProfileError {
  try {
    return loadProfile(given['CXONE_PROFILE'] ?? null);
  } catch (error) {
    if (error instanceof ProfileError) return error;
    throw error;
  }
}
