// Errors as pages for browsers. Programs get the same errors as problem details (RFC 9457).

import { html } from 'hono/html';
import type { Sessions } from '../middleware/sessions.ts';
import type { FieldError } from '../response/problem.ts';
import { pageResponse } from './layout.ts';
import { loginPage } from './login-page.ts';
import { problems } from './search.ts';

interface Problem {
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

/** Returns the page that stands for an error response to a browser; any other response as it is. */
export async function pageForBrowser(
  { method, url, headers }: Request,
  response: Response,
  sessions: Sessions,
): Promise<Response> {
  // In this order: the headers of a response that are read have another order on the wire.
  if (!isBrowser(headers.get('accept'), url) || !isProblem(response)) return response;
  const { title, detail, errors = [] } = (await response.json()) as Problem;
  const { pathname, search } = new URL(url);
  const isLogin = response.status === 401 && method === 'GET' && headers.get('authorization') === null;
  const kept = ['www-authenticate', 'retry-after', 'allow'].flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const own = Object.fromEntries(kept);
  if (!isLogin) {
    const head = html`<h1>${title}</h1><p role="alert">${detail}</p>${problems(errors)}<p><a href="/">To the overview</a></p>`;
    return pageResponse(response.status, null, { title, section: null, head }, own);
  }
  // HTTP Basic would open the browser's own dialog in front of the login page.
  const asked = sessions.prefersLogin(headers.get('cookie') ?? undefined) ? { 'www-authenticate': BEARER } : {};
  return loginPage(401, pathname + search, null, { ...own, ...asked });
}

const BEARER = 'Bearer realm="cxone-callback-receiver"';

function isProblem({ headers }: Response): boolean {
  return headers.get('content-type') === 'application/problem+json';
}

/**
 * Browsers ask for XHTML too. Clients that are not browsers may name `text/html` (Java's default does): they get problem details
 * from the API and the webhook.
 */
function isBrowser(accept: string | null, url: string): boolean {
  if (accept === null || !accept.includes('text/html')) return false;
  const { pathname } = new URL(url);
  const isForPrograms = pathname.startsWith('/v1/') || pathname.startsWith('/webhook/');
  return !isForPrograms || accept.includes('application/xhtml+xml');
}
