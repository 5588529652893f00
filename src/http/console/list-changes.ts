// What has changed in a list since a page showed it: its rows as they are now, and the number of new ones above them.

import { html } from 'hono/html';
import type { Html } from '../html.ts';
import { encodeCursor } from '../request/list-parameters.ts';
import { pageFragment } from './layout.ts';

/** The parameter with the place of the first row that the page shows. */
export const SHOWN = 'shown';
/** The value of a page without rows. */
export const NO_ROW = 'none';

/** New rows that are counted. */
export const MAX_NEW = 100;

export interface ListChanges {
  readonly table: Html;
  /** True if every row of the page that still matches is in the table. */
  readonly isWhole: boolean;
  /** Number of matches above the first row. */
  readonly newer: number;
  readonly hasMore: boolean;
}

export function listChanges({ table, isWhole, newer, hasMore }: ListChanges): Response {
  const flags = html`${isWhole ? ' data-whole' : ''}${hasMore ? ' data-more' : ''}`;
  return pageFragment(html`<div id="live" data-new="${String(newer)}"${flags}>${table}</div>`);
}

/** The attribute by which the script recognises a row. */
export function keyed(place: string | number): Html {
  return html`data-key="${encodeCursor(String(place))}"`;
}

/** Returns the least place above one, so that a list before it begins with that one. Places are sequences or UUIDs. */
export function above<P extends string | number>(place: P): P {
  if (typeof place === 'number') return (place + 1) as P;
  const hex = (BigInt(`0x${place.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') as P;
}
