// The part of a profile that says how CXone is asked what became of an execution, or that it cannot be.

import * as v from 'valibot';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { find } from '../json-pointer.ts';
import type { ProfileProblem } from './problems.ts';
import { maybeHeader, object, oneOf, outcomePointers, pointer, template } from './schema-parts.ts';

const INTERVAL = 'must be a number of seconds from 0 to 3600';

/** Null: nothing is ever polled, only a callback ends an execution. */
export const pollSchema = v.nullable(
  object({
    url: template(['actionId', 'executionId', 'correlationId'], ['executionId']),
    correlationHeader: maybeHeader,
    answer: object({ status: pointer, ...outcomePointers }),
    notFound: oneOf(['gone', 'not-yet']),
    /** Polls of one execution are at least so far apart, whatever POLL_INTERVAL_SECONDS says. */
    minIntervalSeconds: v.optional(v.pipe(v.number(INTERVAL), v.minValue(0, INTERVAL), v.maxValue(3600, INTERVAL)), 0),
  }),
);

/** Without polls an executionId leads nowhere, and without polls and callbacks nothing ever ends. */
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
