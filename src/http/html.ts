// Descriptions of the document as HTML: paragraphs, and code between backticks. Nothing else of Markdown is used there.

import { html } from 'hono/html';

export type Html = ReturnType<typeof html>;

export function paragraphs(text = ''): Html[] {
  return text
    .split('\n\n')
    .filter((part) => part !== '')
    .map((part) => html`<p>${inline(part)}</p>`);
}

export function inline(text = ''): Html[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

/** Long lines scroll in a box of their own, so that the page never does sideways; it takes the focus, or keys could not scroll it. */
export function code(label: string, text: string): Html {
  return html`<div class="box" role="group" aria-label="${label}" tabindex="0"><pre><code>${text}</code></pre></div>`;
}

export function table(caption: string, columns: readonly string[], rows: readonly Html[]): Html {
  const head = columns.map((column) => html`<th scope="col">${column}</th>`);
  return html`<div class="box"><table>
    <caption>${caption}</caption>
    <thead><tr>${head}</tr></thead>
    <tbody>${rows}</tbody>
  </table></div>`;
}

/** JSON as it is read best; text as it is. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** What may stand in an id and after a #. */
export function anchor(...parts: readonly string[]): string {
  return parts.join('-').replace(/[^A-Za-z0-9_-]+/g, '-');
}
