// The upstream profile: a tenant's dialect as data, checked as a whole so that every mistake in it is named at once.

import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { isJsonObject, type Json, type JsonObject, parseJson } from '../execution/json.ts';
import { reasonOf } from '../log.ts';
import builtin from './builtin-profile.json' with { type: 'json' };
import { find, isPointer, pointerTo, segmentsOf } from './pointer.ts';
import { templateProblems } from './template.ts';

const text = v.pipe(
  v.string('must be a text'),
  v.check((value) => value.trim() !== '', 'must not be empty'),
);

const POINTER = 'a JSON Pointer (RFC 6901) such as "/status", or "" for the whole document';
const pointer = v.pipe(v.string(`must be ${POINTER}`), v.check(isPointer, `must be ${POINTER}`));
const maybePointer = v.nullable(
  v.pipe(v.string(`must be ${POINTER}, or null`), v.check(isPointer, `must be ${POINTER}, or null`)),
);

/** Headers that are ours or the connection's. */
const TAKEN_HEADERS =
  /^(?:authorization|accept|content-.*|host|connection|transfer-encoding|cookie|expect|te|upgrade|traceparent|tracestate)$/i;
const HEADER = 'must be the name of an HTTP header that is free to use, or null for none';
const maybeHeader = v.nullable(
  v.pipe(
    v.string(HEADER),
    v.check((name) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && !TAKEN_HEADERS.test(name), HEADER),
  ),
);

function template(allowed: readonly string[], required: readonly string[]) {
  return v.pipe(
    v.string('must be a URL template such as "{base}/path"'),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      for (const message of templateProblems(dataset.value, allowed, required)) addIssue({ message });
    }),
  );
}

function object<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.object(entries, (issue) => (issue.expected === 'Object' ? 'must be an object' : 'is missing'));
}

function oneOf<const Options extends readonly [string, string, ...string[]]>(options: Options) {
  return v.picklist(options, `must be one of ${options.map((option) => `"${option}"`).join(', ')}`);
}

const words = v.pipe(v.array(text, 'must be a list of status words'), v.minLength(1, 'must have at least one word'));

const newsPointers = { result: maybePointer, error: maybePointer };

const profileSchema = object({
  /** What logs call it. */
  name: text,
  token: object({
    url: template([], []),
    /** The `grant_type` (RFC 6749). */
    grant: text,
    /** How the client names itself: in the form, by HTTP Basic with both parts form-encoded (RFC 6749, 2.3.1), or without. */
    clientAuthentication: oneOf(['form', 'basic', 'basic-unencoded']),
    /** Further form parameters. */
    parameters: v.record(v.string(), v.string('must be a text'), 'must be an object of texts'),
    answer: object({ accessToken: pointer, expiresIn: maybePointer, scope: maybePointer }),
    /** A token whose answer names its scopes, but not all of these, is warned about. */
    requiredScopes: v.array(text, 'must be a list of scopes'),
  }),
  execute: object({
    url: template(['actionId', 'correlationId'], ['actionId']),
    correlationHeader: maybeHeader,
    body: object({
      /** What every body holds; the rest is placed around it. */
      members: v.custom<JsonObject>(isJsonObject, 'must be an object'),
      inputs: pointer,
      context: pointer,
      callbackUrl: pointer,
      correlationId: maybePointer,
    }),
    /** Without a pointer to the executionId nothing is ever polled; without one to the status every answer is progress. */
    answer: object({ executionId: maybePointer, status: maybePointer, ...newsPointers }),
  }),
  poll: object({
    url: template(['actionId', 'executionId', 'correlationId'], ['executionId']),
    correlationHeader: maybeHeader,
    answer: object({ status: pointer, ...newsPointers }),
    notFound: oneOf(['gone', 'not-yet']),
  }),
  callback: object({ executionId: maybePointer, status: pointer, ...newsPointers }),
  /** Matched without case; any other word is progress. */
  words: object({ completed: words, failed: words }),
});

export type Profile = v.InferOutput<typeof profileSchema>;

export interface ProfileProblem {
  /** JSON Pointer into the profile. */
  readonly pointer: string;
  readonly detail: string;
}

/** A profile that cannot be used; the message lists every mistake in it. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
  readonly problems: readonly ProfileProblem[];

  constructor(message: string, problems: readonly ProfileProblem[] = []) {
    const lines = problems.map(({ pointer: at, detail }) => `\n  ${at === '' ? '(the whole profile)' : at}: ${detail}`);
    super(message + lines.join(''));
    this.problems = problems;
  }
}

/** The profile in a file, or the built-in one when there is no path. @throws {ProfileError} naming the file and what is wrong. */
export function loadProfile(path: string | null): Profile {
  if (path === null) return parseProfile(builtin, 'the built-in profile');
  let content: string;
  try {
    content = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new ProfileError(`the upstream profile cannot be read: ${reasonOf(error)}`);
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
  const parsed = v.safeParse(profileSchema, document);
  const problems = [
    ...(parsed.issues ?? []).map(problemOf),
    ...unknownMembers(profileSchema, document, []),
    ...placementProblems(find(document, '/execute/body')),
    ...wordProblems(find(document, '/words')),
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

/** Only our own messages get out: valibot's would repeat the value, which may be a secret among the token parameters. */
function problemOf(issue: v.BaseIssue<unknown>): ProfileProblem {
  const keys = (issue.path ?? []).map((item) => item.key);
  return {
    pointer: pointerTo(keys.filter((key) => typeof key !== 'symbol') as (string | number)[]),
    detail: issue.message,
  };
}

/** valibot's strictObject stops at the first unknown key; here each is named. */
function unknownMembers(schema: v.GenericSchema, value: Json | undefined, path: readonly string[]): ProfileProblem[] {
  if (!('entries' in schema) || !isJsonObject(value)) return [];
  const entries = schema.entries as Record<string, v.GenericSchema>;
  return Object.keys(value).flatMap((key) => {
    const known = Object.hasOwn(entries, key) ? entries[key] : undefined;
    if (known !== undefined) return unknownMembers(known, value[key], [...path, key]);
    const detail = `is unknown here; remove it, or use one of: ${Object.keys(entries).join(', ')}`;
    return [{ pointer: pointerTo([...path, key]), detail }];
  });
}

const PLACED = ['inputs', 'context', 'callbackUrl', 'correlationId'] as const;

interface Place {
  readonly name: (typeof PLACED)[number];
  readonly at: string;
  /** Holds a text of ours, where the others hold an object that may get further members. */
  readonly leaf: boolean;
}

/** What is placed in a body may not take the place of something else in it. */
function placementProblems(body: Json): ProfileProblem[] {
  if (!isJsonObject(body)) return [];
  const places = PLACED.flatMap((name): Place[] => {
    const at = body[name];
    const leaf = name === 'callbackUrl' || name === 'correlationId';
    return typeof at === 'string' && isPointer(at) ? [{ name, at, leaf }] : [];
  });
  return places.flatMap((place, index) =>
    [
      ...(place.leaf && place.at === '' ? ['must lead into the body, it cannot be the whole of it'] : []),
      ...places
        .slice(0, index)
        .flatMap((earlier) => (earlier.at === place.at ? [`is the place of ${earlier.name}`] : [])),
      ...places.flatMap((other) => (leadsThrough(place, other) ? [`leads through the place of ${other.name}`] : [])),
      ...blockedBy(body['members'], place),
    ].map((detail) => ({ pointer: pointerTo(['execute', 'body', place.name]), detail })),
  );
}

function leadsThrough(place: Place, other: Place): boolean {
  return other.leaf && other.at !== '' && place.at.startsWith(`${other.at}/`);
}

/** The constant member that stands where something is to be placed; none when the way is free. */
function blockedBy(members: Json | undefined, { at, leaf }: Place): string[] {
  const segments = segmentsOf(at);
  let here = members;
  for (const [depth, segment] of segments.entries()) {
    if (!isJsonObject(here) || !Object.hasOwn(here, segment)) return [];
    here = here[segment];
    const last = depth === segments.length - 1;
    if (!isJsonObject(here) || (leaf && last)) {
      return [
        `leads to what "members" holds at "${pointerTo(segments.slice(0, depth + 1))}"; one of the two must move`,
      ];
    }
  }
  return [];
}

function wordProblems(lists: Json): ProfileProblem[] {
  const { completed, failed } = isJsonObject(lists) ? lists : {};
  if (!Array.isArray(completed) || !Array.isArray(failed)) return [];
  const taken = new Set(completed.filter((word) => typeof word === 'string').map(normalWord));
  return failed.flatMap((word, index) =>
    typeof word === 'string' && taken.has(normalWord(word))
      ? [{ pointer: pointerTo(['words', 'failed', index]), detail: 'is among the completed words as well' }]
      : [],
  );
}

/** How status words are compared: without case and surrounding spaces. */
export function normalWord(word: string): string {
  return word.trim().toUpperCase();
}
