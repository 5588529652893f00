// Pages that state why an action or a page was refused.

import { html } from 'hono/html';
import { unknownParameters } from '../request/validate.ts';
import type { FieldError } from '../response/problem.ts';
import { pageResponse, type Section } from './layout.ts';
import type { PageHandler } from './list-page.ts';
import { problems } from './search.ts';
import { type Viewer, viewerOf } from './viewer.ts';

export function forbidden(viewer: Viewer, text: string): Response {
  return pageResponse(403, viewer, {
    title: 'Not allowed',
    section: null,
    head: html`<h1>Not allowed</h1><p role="alert">${text}</p>`,
  });
}

export function invalid(viewer: Viewer, section: Section, errors: readonly FieldError[], back: string): Response {
  return pageResponse(422, viewer, {
    title: 'Not done',
    section,
    head: html`<h1>Not done</h1>${problems(errors)}<p><a href="${back}">Back</a></p>`,
  });
}

/** Shows the problem of an API response as a page. */
export async function refusedBy(response: Response, viewer: Viewer, section: Section, back: string): Promise<Response> {
  const { title, detail } = (await response.json()) as { readonly title: string; readonly detail: string };
  return pageResponse(response.status, viewer, {
    title: 'Not done',
    section,
    head: html`<h1>Not done</h1><p role="alert">${title}. ${detail}</p><p><a href="${back}">Back</a></p>`,
  });
}

/** Wraps a page that has these query parameters only. */
export function withParameters(known: readonly string[], section: Section, page: PageHandler): PageHandler {
  return async (c, caller) => {
    const errors = unknownParameters(c.req.url, known);
    return errors.length === 0 ? page(c, caller) : invalid(viewerOf(caller), section, errors, section);
  };
}

export function notFound(viewer: Viewer, section: Section, text: string): Response {
  return pageResponse(404, viewer, {
    title: 'Not found',
    section,
    head: html`<h1>Not found</h1><p>${text}</p><p><a href="${section}">Back to the list</a></p>`,
  });
}
