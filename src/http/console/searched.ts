// What the search in the address of a question selects, and how patient its reader is.

import type { Context } from 'hono';
import { html } from 'hono/html';
import { many } from '../../lib/figures.ts';
import type { Html } from '../html.ts';
import type { Identity } from '../middleware/identity.ts';
import type { Validated } from '../request/validate.ts';
import type { Section } from './layout.ts';
import { invalid } from './refusals.ts';
import { type Search, searchOf, urlWith } from './search.ts';
import { viewerOf } from './viewer.ts';

export interface Searched<Q> {
  readonly search: Search;
  /** True if its reader waits until all is counted. */
  readonly isPatient: boolean;
  /** The list with this search. */
  readonly back: string;
  readonly selection: Q;
}

/** The parameter of a question that states the whole number. */
const COUNTED = 'counted';

/** Returns a reader of the search in an address, which returns a page for an invalid one. */
export function searched<Q>(
  section: Section,
  parse: (named: { readonly [name: string]: string }, caller: Identity) => Validated<Q>,
): (c: Context, caller: Identity) => Searched<Q> | Response {
  return (c, caller) => {
    const search = searchOf(c);
    const isPatient = search.get(COUNTED) === 'all' || search.has('text');
    if (isPatient) search.delete(COUNTED);
    const back = urlWith(section, search, {});
    const selection = parse(Object.fromEntries(search), caller);
    if (!selection.valid) return invalid(viewerOf(caller), section, selection.errors, back);
    return { search, isPatient, back, selection: selection.value };
  };
}

/** The lower bound of a count that is not whole, with a link to the whole one. */
export function atLeast(count: number, noun: string, search: Search): Html {
  return html`At least ${many(count, noun)} (<a href="${urlWith('', search, { [COUNTED]: 'all' })}">count all of them</a>)`;
}
