// Rows that an administrator selects in a list by checkboxes, and the form that acts on them.

import { html } from 'hono/html';
import type { Html } from '../html.ts';
import { type Search, urlWith } from './search.ts';
import type { Viewer } from './viewer.ts';

export const SELECTED = '/console/selected';

export interface SelectedAction {
  readonly action: string;
  readonly text: string;
  readonly danger?: boolean;
}

/** The checkbox of a row; nothing for readers. */
export function selectCell({ mayChange }: Viewer, id: string, name: string): Html {
  return mayChange
    ? html`<td class="pick"><input type="checkbox" form="selection" name="id" value="${id}" aria-label="Select ${name}"></td>`
    : html``;
}

/** The columns of a table whose rows begin with `selectCell`. */
export function selectable({ mayChange }: Viewer, columns: readonly string[]): readonly string[] {
  return mayChange ? ['Select', ...columns] : columns;
}

/** The form of the checkboxes. Its pages lead back to the search. */
export function selectionForm(search: Search, noun: string, actions: readonly SelectedAction[]): Html {
  const buttons = actions.map(
    ({ action, text, danger = false }) =>
      html`<button type="submit" name="action" value="${action}"${danger ? html` class="danger"` : ''}>${text}</button>`,
  );
  return html`<section aria-labelledby="selected"><h2 id="selected">Selected ${noun}</h2>
<p class="quiet" id="selected-count">Select rows by their checkboxes. A confirmation follows.</p>
<form method="post" action="${SELECTED}" id="selection" class="actions">
<input type="hidden" name="back" value="${urlWith('', search, {})}">${buttons}</form></section>`;
}
