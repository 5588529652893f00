// Logging in and out: a form takes an operator's key once, and a session cookie stands for it afterwards.

import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import type { HttpParts } from '../dependencies.ts';
import type { Html } from '../html.ts';
import type { Guard } from '../middleware/authentication.ts';
import { callerName } from '../middleware/identity.ts';
import { isForged } from '../middleware/same-origin.ts';
import { recordAction } from '../operators/record-activity.ts';
import { readBody } from '../request/read-body.ts';
import type { HeaderFields } from '../response/json.ts';
import { problem } from '../response/problem.ts';
import { pageResponse } from './layout.ts';
import { seeOther } from './search.ts';

const LOGIN = '/console/login';
const LOGOUT = '/console/logout';

/** A form holds a key and a path. */
const MAX_FORM_BYTES = 16_384;

export function routeLogin(
  app: Hono,
  guard: Guard,
  { access: { sessions }, ...tools }: Pick<HttpParts, 'access' | 'store' | 'runtime'>,
): void {
  app.get(LOGIN, (c) => {
    const cookie = sessions.preferLogin(isSecure(c));
    return loginPage(200, ownPath(c.req.query('next')), null, { 'set-cookie': cookie });
  });

  app.post(LOGIN, async (c) => {
    // promise: login-is-not-forged
    if (isForged(c.req.raw)) return problem('forbidden', FORGED);
    const body = await readBody(c.req.raw, MAX_FORM_BYTES);
    const form = new URLSearchParams(body.type === 'whole' ? new TextDecoder().decode(body.bytes) : '');
    const next = ownPath(form.get('next') ?? undefined);
    const key = form.get('key')?.trim() ?? '';
    if (key === '') return loginPage(422, next, 'Enter your key.');
    const refused = guard.refusedKey(c, key);
    if (refused !== null) {
      const wait = refused.headers.get('retry-after');
      return wait === null
        ? loginPage(refused.status, next, WRONG_KEY)
        : loginPage(refused.status, next, tooMany(wait), { 'retry-after': wait });
    }
    const cookie = sessions.start(key, isSecure(c));
    if (cookie === null) return loginPage(403, next, FOR_OPERATORS);
    return seeOther(next, { 'set-cookie': cookie });
  });

  app.post(LOGOUT, async (c) => {
    if (isForged(c.req.raw)) return problem('forbidden', FORGED);
    const session = await sessions.find(c.req.header('cookie'));
    const loggedOut = seeOther(LOGIN, { 'set-cookie': sessions.end(isSecure(c)) });
    if (session === null) return loggedOut;
    const line = { action: 'log-out', by: callerName(session.operator), reason: null, target: session.id } as const;
    return recordAction(tools, line, async () => loggedOut);
  });
}

const WRONG_KEY = 'This key is not one of an operator or reader of this receiver (OPERATOR_KEYS, READER_KEYS).';
const FOR_OPERATORS = 'This is the key of an app. Pages are for operators and readers (OPERATOR_KEYS, READER_KEYS).';
const FORGED = 'A page of another site made your browser send this. Log in from the page itself.';

function tooMany(seconds: string): string {
  return `Too many wrong keys came from this address. Try again in ${seconds} s.`;
}

/** @param next the path that follows the login. */
export function loginPage(
  status: number,
  next: string,
  problemText: string | null,
  headers: HeaderFields = {},
): Response {
  return pageResponse(status, null, { title: 'Log in', section: null, head: loginForm(next, problemText) }, headers);
}

function loginForm(next: string, problemText: string | null): Html {
  return html`<h1>Log in</h1>
${problemText === null ? '' : html`<p class="notice refused" role="alert">${problemText}</p>`}
<form class="login" method="post" action="${LOGIN}">
<input type="hidden" name="next" value="${next}">
<p><label for="key">Key of an operator or reader</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus></p>
<p class="go"><button type="submit">Log in</button></p>
</form>
<p class="quiet">The session ends when you log out, or after 8 hours. Programs use <code>Authorization: Bearer KEY</code> or HTTP Basic.</p>`;
}

/** Returns a path of this receiver, so that a link cannot lead elsewhere after the login. */
function ownPath(next = '/'): string {
  const base = 'http://receiver.invalid';
  const url = URL.parse(next, base);
  // The path /.//host is normalized to //host, which browsers take for another host.
  // promise: login-leads-to-own-pages
  if (url === null || url.origin !== base || url.pathname.startsWith('//')) return '/';
  return url.pathname + url.search;
}

/** A header that the client made up only restricts its own cookie to https. */
function isSecure(c: Context): boolean {
  return new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https';
}
