// The poll part of a profile: how an execution is polled, or null if it cannot be.

import * as v from 'valibot';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { find } from '../json-pointer.ts';
import type { ProfileProblem } from './problems.ts';
import {
  documentRules,
  maybeHeader,
  maybePlaces,
  object,
  oneOf,
  outcomePointers,
  pointer,
  template,
} from './schema-parts.ts';

const INTERVAL = 'must be a number of seconds from 0 to 3600';
const interval = v.pipe(v.number(INTERVAL), v.minValue(0, INTERVAL), v.maxValue(3600, INTERVAL));

/** Null: only a callback ends an execution. */
export const pollSchema = v.nullable(
  object({
    /** Null: only the Location header of the submit response has the address. */
    url: v.nullable(template(['actionId', 'executionId', 'correlationId'], ['executionId'])),
    /** Whether the Location header of the submit response, at the host of the submission, has the address. */
    location: v.optional(v.boolean('must be true or false'), false),
    correlationHeader: maybeHeader,
    answer: object({
      status: pointer,
      ...outcomePointers,
      ...documentRules,
      /** Without it, the places of the executionId in a callback; null: the response does not name the execution. */
      executionId: v.optional(maybePlaces),
    }),
    notFound: oneOf(['gone', 'not-yet']),
    /** Minimum time from the first 404, and from the acceptance, to the 404 that ends an execution. */
    notFoundAfterSeconds: v.optional(interval, 5),
    /** Minimum time between two polls of one execution, which overrides a smaller POLL_INTERVAL_SECONDS. */
    minIntervalSeconds: v.optional(interval, 0),
  }),
);

/** Returns the problems of polls without an address, and of a profile without polls: a useless executionId, or no end at all. */
export function pollProblems(profile: Json): ProfileProblem[] {
  if (!isJsonObject(profile)) return [];
  const { poll } = profile;
  if (isJsonObject(poll) && poll['url'] === null && poll['location'] !== true) {
    return [{ pointer: '/poll/url', detail: 'must be a URL template, unless "location" is true' }];
  }
  if (poll !== null) return [];
  const detail = 'must be null, for there is no "poll" that could use it';
  const useless = ['/execute/answer/executionId', '/callback/executionId'].filter(
    (place) => find(profile, place) !== null,
  );
  const body = find(profile, '/execute/body');
  const silent = isJsonObject(body) && !tellsWhere(body);
  return [
    ...useless.map((place) => ({ pointer: place, detail })),
    ...(silent
      ? [{ pointer: '/poll', detail: 'must not be null where no callback URL is sent: nothing would end' }]
      : []),
  ];
}

function tellsWhere({ callbackUrl, joined }: { readonly [member: string]: Json }): boolean {
  const first = isJsonObject(joined) ? joined['first'] : null;
  return typeof callbackUrl === 'string' || (Array.isArray(first) && first.includes('callbackUrl'));
}
