// The poll part of a profile: how an execution is polled, or null if it cannot be.

import * as v from 'valibot';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { find } from '../json-pointer.ts';
import type { ProfileProblem } from './problems.ts';
import { maybeHeader, object, oneOf, outcomePointers, pointer, template } from './schema-parts.ts';

const INTERVAL = 'must be a number of seconds from 0 to 3600';

/** Null: only a callback ends an execution. */
export const pollSchema = v.nullable(
  object({
    url: template(['actionId', 'executionId', 'correlationId'], ['executionId']),
    correlationHeader: maybeHeader,
    answer: object({ status: pointer, ...outcomePointers }),
    notFound: oneOf(['gone', 'not-yet']),
    /** Minimum time between two polls of one execution, which overrides a smaller POLL_INTERVAL_SECONDS. */
    minIntervalSeconds: v.optional(v.pipe(v.number(INTERVAL), v.minValue(0, INTERVAL), v.maxValue(3600, INTERVAL)), 0),
  }),
);

/** Returns the problems of a profile without polls: a useless executionId, or an execution that could never end. */
export function pollProblems(profile: Json): ProfileProblem[] {
  if (!isJsonObject(profile) || profile['poll'] !== null) return [];
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
