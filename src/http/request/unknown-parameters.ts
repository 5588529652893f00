// Refuses query parameters that a route does not have: a misspelled one must not be ignored without a word.

import type { Context } from 'hono';
import { type FieldError, invalidInput, pointerTo } from '../response/problem.ts';
import { UNKNOWN_FIELD } from './validate.ts';

/** Returns an error for each parameter of the URL that is not among the known ones. */
export function unknownParameters(url: string, known: readonly string[] = []): FieldError[] {
  // promise: unknown-parameter-is-refused
  if (!url.includes('?')) return [];
  const names = new Set(new URL(url).searchParams.keys());
  return [...names]
    .filter((name) => !known.includes(name))
    .map((name) => ({ pointer: pointerTo(name), detail: UNKNOWN_FIELD }));
}

/** Wraps the handler of a route that has no query parameters. */
export function withoutQuery<More extends readonly unknown[]>(
  handler: (c: Context, ...more: More) => Response | Promise<Response>,
): (c: Context, ...more: More) => Response | Promise<Response> {
  return (c, ...more) => {
    const errors = unknownParameters(c.req.url);
    return errors.length === 0 ? handler(c, ...more) : invalidInput(errors, 'query parameter');
  };
}
