// The execute part of a profile: the URL and body of a submission, and the pointers into its response.

import * as v from 'valibot';
import { isJsonObject, type Json, type JsonObject } from '../../execution/json.ts';
import { isPointer, pointerTo, segmentsOf } from '../json-pointer.ts';
import type { ProfileProblem } from './problems.ts';
import {
  documentRules,
  maybeHeader,
  maybePointer,
  object,
  oneOf,
  outcomePointers,
  pointer,
  template,
} from './schema-parts.ts';

/** Characters that occur in neither URLs nor ids, so that a separator is unambiguous. */
const SEPARATOR = /^[|^<>"{}\\`\s]+$/;

const joinedSchema = object({
  at: pointer,
  separator: v.pipe(
    v.string('must be a text'),
    v.regex(SEPARATOR, 'must consist of characters that no URL contains, for example "|"'),
  ),
  /** Values of the receiver that precede the app's. */
  first: v.array(oneOf(['callbackUrl', 'correlationId', 'actionId']), 'must be a list'),
  /** Largest length of the joined text in bytes of UTF-8. */
  maxBytes: v.pipe(
    v.number('must be a whole number of bytes'),
    v.integer('must be a whole number of bytes'),
    v.minValue(1, 'must be at least 1'),
  ),
});

export const executeSchema = object({
  /** Contains the action, unless the body does. */
  url: template(['actionId', 'correlationId'], []),
  /** The body as JSON, or its members as fields of a form or of the URL's query. */
  encoding: v.optional(oneOf(['json', 'form', 'query']), 'json'),
  correlationHeader: maybeHeader,
  body: object({
    /** Constant members of every body. */
    members: v.custom<JsonObject>(isJsonObject, 'must be an object'),
    inputs: pointer,
    /** Null: a submission with a context is refused. */
    context: maybePointer,
    callbackUrl: maybePointer,
    correlationId: maybePointer,
    actionId: v.optional(maybePointer, null),
    /** A list among the inputs that is sent as one joined text. */
    joined: v.optional(v.nullable(joinedSchema), null),
  }),
  /** Without a pointer to the executionId no execution is polled; without one to the status each response is progress. */
  answer: object({ executionId: maybePointer, status: maybePointer, ...outcomePointers, ...documentRules }),
});

const PLACED = ['inputs', 'context', 'callbackUrl', 'correlationId', 'actionId', 'joined'] as const;

interface Place {
  readonly name: (typeof PLACED)[number];
  readonly at: string;
  /** Holds a text; the other places hold an object that may get further members. */
  readonly leaf: boolean;
}

/** Returns the problems of a body with overlapping places or without an action. */
export function executeProblems(execute: Json): ProfileProblem[] {
  if (!isJsonObject(execute) || !isJsonObject(execute['body'])) return [];
  const { url, body } = execute;
  return [...placementProblems(body), ...namelessProblems(url, body)];
}

function namelessProblems(url: Json | undefined, { actionId, joined }: JsonObject): ProfileProblem[] {
  if (typeof url !== 'string' || url.includes('{actionId}') || typeof actionId === 'string') return [];
  if (isJsonObject(joined) && Array.isArray(joined['first']) && joined['first'].includes('actionId')) return [];
  const detail = 'must contain {actionId}, unless the body has a place for it at "actionId"';
  return [{ pointer: '/execute/url', detail }];
}

function placementProblems(body: JsonObject): ProfileProblem[] {
  const places = PLACED.flatMap((name): Place[] => {
    const at = name === 'joined' && isJsonObject(body[name]) ? body[name]['at'] : body[name];
    const leaf = name !== 'inputs' && name !== 'context';
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

/** Returns the problem of a constant member on the path of a place; empty if the path is free. */
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
