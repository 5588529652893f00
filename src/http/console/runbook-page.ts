// Sections of the runbook as pages, so that an incident leads to its remedy without another host.

import { readFileSync } from 'node:fs';
import { html } from 'hono/html';
import { CAUSE_NAMES, type Cause } from '../../incident/incident.ts';
import { type Html, inline } from '../html.ts';
import { INCIDENTS } from './incident-actions.ts';
import { pageResponse } from './layout.ts';
import type { PageHandler } from './list-page.ts';
import { notFound } from './refusals.ts';
import { viewerOf } from './viewer.ts';

const RUNBOOK = new URL('../../../docs/runbook.md', import.meta.url);

export function runbookPath(cause: Cause): string {
  return `/console/runbook/${cause}`;
}

/** Returns the text of a section; null if there is none. */
function runbookSection(name: string): string | null {
  const sections = readFileSync(RUNBOOK, 'utf8').split(/^## /m);
  const section = sections.find((one) => one.startsWith(`${name}\n`));
  return section === undefined ? null : section.slice(name.length).trim();
}

export const showRunbook: PageHandler = async (c, caller) => {
  const viewer = viewerOf(caller);
  const name = CAUSE_NAMES.find((cause) => cause === c.req.param('cause'));
  const section = name === undefined ? null : runbookSection(name);
  if (name === undefined || section === null) {
    return notFound(viewer, INCIDENTS, 'The runbook has no section of this name.');
  }
  return pageResponse(200, viewer, {
    title: `${name} · Runbook`,
    section: INCIDENTS,
    head: html`<h1>${name}</h1>${blocks(section)}<p><a href="/">Back to the overview</a></p>`,
  });
};

/** The runbook uses paragraphs, lists, code, emphasis and links. Links lead to other files, of which only the name is shown. */
function blocks(section: string): Html[] {
  return section.split(/\n{2,}/).map((block) => {
    const fence = /^```\w*\n([\s\S]*?)\n?```$/.exec(block);
    if (fence !== null)
      return html`<div class="box" role="group" aria-label="Code" tabindex="0"><pre><code>${fence[1]}</code></pre></div>`;
    if (/^(?:-|\d+\.) /.test(block)) {
      const items = block.split(/\n(?=(?:-|\d+\.) )/).map((item) => plain(item.replace(/^(?:-|\d+\.) /, '')));
      return html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
    }
    return html`<p>${plain(block)}</p>`;
  });
}

function plain(text: string): Html[] {
  const words = text.replaceAll(/\s*\n\s*/g, ' ').replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1');
  return words.split('**').flatMap((part, index) => {
    const shown = inline(part.replaceAll(/(^|\s)\*(\S[^*]*)\*/g, '$1$2'));
    return index % 2 === 1 ? [html`<strong>${shown}</strong>`] : shown;
  });
}
