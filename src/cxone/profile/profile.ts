// The upstream profile: a tenant's dialect as data. Validation reports all mistakes at once.

import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { isJsonObject, type Json, parseJson } from '../../execution/json.ts';
import { reasonOf } from '../../lib/log.ts';
import { find, pointerTo } from '../json-pointer.ts';
import { callbackSchema, verifierProblems } from './callback.ts';
import { discoverySchema, issuerSchema } from './discovery.ts';
import { executeProblems, executeSchema } from './execute.ts';
import { headersSchema, secretNamesIn } from './headers.ts';
import { pollProblems, pollSchema } from './poll.ts';
import { ProfileError, type ProfileProblem } from './problems.ts';
import { object, text } from './schema-parts.ts';
import { DEFAULT_PROFILE_NAME, SHIPPED_NAMES, shippedProfile, withInheritedParts } from './shipped.ts';
import { wordProblems, wordsSchema } from './status-words.ts';
import { tokenProblems, tokenSchema } from './token.ts';

export { ProfileError };

const profileSchema = object({
  /** Its name in logs. */
  name: text,
  token: tokenSchema,
  execute: executeSchema,
  poll: pollSchema,
  callback: callbackSchema,
  words: wordsSchema,
  /** Its purpose, in one sentence. */
  note: v.optional(text),
  /** Whether it has been used with a real tenant. */
  verified: v.optional(v.boolean('must be true or false')),
  issuer: v.optional(issuerSchema, null),
  discovery: v.optional(discoverySchema, null),
  /** Static headers of submissions and polls. */
  headers: v.optional(headersSchema, {}),
});

export type Profile = v.InferOutput<typeof profileSchema>;

/** A profile with a poll part. */
export type PollableProfile = Profile & { readonly poll: NonNullable<Profile['poll']> };

export function isPollable(profile: Profile): profile is PollableProfile {
  return profile.poll !== null;
}

/** Returns the names of the secrets that the headers of a profile use. */
export function headerSecrets({ headers, token }: Pick<Profile, 'headers' | 'token'>): string[] {
  return secretNamesIn(headers, token.kind === 'request' ? token.headers : {});
}

/** Returns whether a submission contains the callback URL. */
export function sendsCallbackUrl({ execute: { body } }: Profile): boolean {
  return body.callbackUrl !== null || body.joined?.first.includes('callbackUrl') === true;
}

/**
 * Loads the shipped profile of that name, else the file at that path; the default profile for null.
 * @throws {ProfileError} naming the file and what is wrong.
 */
export function loadProfile(pathOrName: string | null): Profile {
  const name = pathOrName ?? DEFAULT_PROFILE_NAME;
  const shipped = shippedProfile(name);
  if (shipped !== undefined) return parseProfile(shipped, `the shipped profile ${name}`);
  return readProfile(name);
}

function readProfile(path: string): Profile {
  let content: string;
  try {
    content = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const hint = /[/\\.]/.test(path) ? '' : `; the shipped profiles are ${SHIPPED_NAMES.join(', ')}`;
    throw new ProfileError(`the upstream profile cannot be read: ${reasonOf(error)}${hint}`);
  }
  let document: Json;
  try {
    document = parseJson(content);
  } catch (error) {
    throw new ProfileError(`the upstream profile ${path} is not JSON: ${reasonOf(error)}`);
  }
  return parseProfile(document, `the upstream profile ${path}`);
}

/** @throws {ProfileError} with every mistake; `name` is how its message calls the profile. */
export function parseProfile(document: unknown, name = 'the upstream profile'): Profile {
  if (!isJsonObject(document)) throw wrong(name, [{ pointer: '', detail: 'must be an object' }]);
  const whole = withInheritedParts(document, name);
  const parsed = v.safeParse(profileSchema, whole);
  const problems = [
    ...(parsed.issues ?? []).map(problemOf),
    ...unknownMembers(profileSchema, whole, []),
    ...tokenProblems(find(whole, '/token'), find(whole, '/discovery')),
    ...executeProblems(find(whole, '/execute')),
    ...pollProblems(whole),
    ...wordProblems(find(whole, '/words')),
    ...verifierProblems(find(whole, '/callback/verifiers')),
  ];
  if (!parsed.success || problems.length > 0) throw wrong(name, problems);
  return parsed.output;
}

function wrong(name: string, problems: readonly ProfileProblem[]): ProfileError {
  return new ProfileError(
    `${name} has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}:`,
    problems,
  );
}

/** Uses the schema's own messages: valibot's would repeat the value, which may be a secret among the token parameters. */
function problemOf(issue: v.BaseIssue<unknown>): ProfileProblem {
  const keys = (issue.path ?? []).map((item) => item.key);
  return {
    pointer: pointerTo(keys.filter((key) => typeof key !== 'symbol') as (string | number)[]),
    detail: issue.message,
  };
}

/** Reports each unknown key; valibot's strictObject reports only the first. */
function unknownMembers(schema: v.GenericSchema, value: Json | undefined, path: readonly string[]): ProfileProblem[] {
  if ('wrapped' in schema) return unknownMembers(schema.wrapped as v.GenericSchema, value, path);
  if ('getter' in schema) return unknownMembers((schema as typeof tokenSchema).getter(value), value, path);
  if (!('entries' in schema) || !isJsonObject(value)) return [];
  const entries = schema.entries as Record<string, v.GenericSchema>;
  return Object.keys(value).flatMap((key) => {
    const known = Object.hasOwn(entries, key) ? entries[key] : undefined;
    if (known !== undefined) return unknownMembers(known, value[key], [...path, key]);
    const detail = `is unknown here; remove it, or use one of: ${Object.keys(entries).join(', ')}`;
    return [{ pointer: pointerTo([...path, key]), detail }];
  });
}
