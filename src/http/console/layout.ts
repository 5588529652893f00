// The frame of every page for operators, and its response: scripts and styles from this origin only, and no framing.

import { readFileSync } from 'node:fs';
import type { Context } from 'hono';
import { html } from 'hono/html';
import { currentRequest } from '../../lib/request-context.ts';
import { isoTime } from '../../lib/time.ts';
import type { Html } from '../html.ts';
import { serveCompressedText } from '../middleware/cached-text.ts';
import { type HeaderFields, respond } from '../response/json.ts';
import { problem } from '../response/problem.ts';
import { BASE_STYLE } from '../styles/base.ts';
import { pauseBanner } from './pause-banner.ts';
import type { Viewer } from './viewer.ts';

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HTML_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  // Forms of the console must carry their origin.
  'referrer-policy': 'same-origin',
};

const SECTIONS = [
  ['/', 'Overview'],
  ['/console/incidents', 'Incidents'],
  ['/console/actions', 'Actions'],
  ['/console/executions', 'Executions'],
  ['/console/notifications', 'Notifications'],
  ['/console/callbacks', 'Callbacks'],
  ['/console/activity', 'Activity'],
  ['/docs', 'API'],
] as const;

export type Section = (typeof SECTIONS)[number][0];

export interface PageContent {
  readonly title: string;
  readonly section: Section | null;
  /** The outcome of the action that led here. */
  readonly flash?: { readonly kind: 'done' | 'refused'; readonly text: string } | null;
  /** Stays unchanged while the page is open. */
  readonly head: Html;
  /** The script refreshes this part while the page is visible. */
  readonly live?: Html | null;
  /** How the script learns of changes; default: it refreshes at an interval. */
  readonly follow?: Follow;
  /** Below the live part; fetched once. */
  readonly rest?: Html | null;
  readonly refreshSeconds?: number;
  /** True for a page with plots, which has their script. */
  readonly hasPlots?: boolean;
}

export interface Follow {
  /** The query of the signals that report changes: a topic, or an execution. */
  readonly signals: string;
  /** Of a list: whether it shows the newest rows, so that new ones appear above it. */
  readonly rows?: 'newest' | 'older';
}

/** @param viewer null: not known yet. */
export function pageResponse(
  status: number,
  viewer: Viewer | null,
  page: PageContent,
  headers: HeaderFields = {},
): Response {
  return respond(status, pageText(viewer, page), { ...HTML_HEADERS, ...headers });
}

/** A part of a page, for its script. */
export function pageFragment(part: Html): Response {
  return respond(200, html`<!doctype html>${part}`.toString(), HTML_HEADERS);
}

function pageText(
  viewer: Viewer | null,
  { title, section, flash = null, head, live, follow, rest, refreshSeconds = 5, hasPlots = false }: PageContent,
): string {
  const links = SECTIONS.map(([path, name]) => {
    const current = path === section ? html` aria-current="page"` : '';
    return html`<li><a href="${path}"${current}>${name}</a></li>`;
  });
  const message =
    flash === null
      ? ''
      : html`<p class="notice ${flash.kind}" role="${flash.kind === 'done' ? 'status' : 'alert'}">${flash.text}</p>`;
  const refreshed =
    live === undefined || live === null
      ? ''
      : html`<p class="refresh" id="refresh" data-seconds="${refreshSeconds}" ${following(follow)} hidden>
<label><input type="checkbox" id="refresh-on" checked> ${follow === undefined ? `Refresh every ${refreshSeconds} s` : 'Update automatically'}</label></p>
<div id="live" data-live>${live}</div>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · CXone callback receiver</title>
<link rel="stylesheet" href="/console/style.css">
<link rel="icon" href="/console/icon.svg" type="image/svg+xml">
<script src="/console/script.js" type="module"></script>${
    hasPlots
      ? html`
<script src="/console/scripts/plots.js" type="module"></script>`
      : ''
  }
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<p class="product">CXone callback receiver</p>
<div class="side">${clockOf(currentRequest()?.at)}
${viewer === null ? '' : whoIs(viewer)}</div>
<nav aria-label="Pages"><ul>${links}</ul></nav>
</header>
<main id="main">
${viewer === null ? '' : pauseBanner(viewer)}
${message}
${head}
${refreshed}
${rest ?? ''}
</main>
<footer><p>Times are UTC, unless you choose local time. <button type="button" id="show-keys" hidden>Keys <kbd>?</kbd></button></p></footer>
</body>
</html>
`.toString();
}

function following(follow: Follow | undefined): Html {
  if (follow === undefined) return html``;
  const { signals, rows } = follow;
  return html`data-signals="${signals}"${rows === undefined ? '' : html` data-rows="${rows}"`}`;
}

/** The script keeps the clock going, and offers the local time. */
function clockOf(now: number | undefined): Html {
  if (now === undefined) return html``;
  const iso = isoTime(now);
  return html`<div class="clock"><time id="clock" datetime="${iso}">${iso.slice(11, 19)}</time> <span id="zone">UTC</span>
<label id="local" hidden><input type="checkbox" id="local-on"> Local time</label></div>`;
}

function whoIs({ name, mayChange, hasSession }: Viewer): Html {
  const logout = hasSession
    ? html` <form method="post" action="/console/logout"><button type="submit">Log out</button></form>`
    : '';
  return html`<div class="who">${name} <small>${mayChange ? 'administrator' : 'reader'}</small>${logout}</div>`;
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b57c2"/><path d="M23 10H13a5 5 0 0 0 0 10h6m0 0-4-4m4 4-4 4" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

const own = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Comments are for readers of the source: browsers do not load them. */
function withoutComments(text: string): string {
  return text.replaceAll(/^[ \t]*(?:\/\/.*|\/\*[\s\S]*?\*\/[ \t]*)\n/gm, '');
}

const serveScript = (name: string) =>
  serveCompressedText(() => withoutComments(own(name)), { 'content-type': 'text/javascript; charset=utf-8' });

const MODULES = [
  'connection.js',
  'in-use.js',
  'keys.js',
  'keys-dialog.js',
  'plots.js',
  'refresh.js',
  'rows.js',
  'selection.js',
  'signals.js',
  'times.js',
] as const;

const modules = new Map<string, (c: Context) => Response>(
  MODULES.map((name) => [name, serveScript(`./scripts/${name}`)]),
);

/** The files that pages load; they need no key, since they are the same for everyone. */
export const createAssets = () => ({
  style: serveCompressedText(
    () => withoutComments([BASE_STYLE, own('./style.css'), own('./plots/plots.css')].join('\n')),
    {
      'content-type': 'text/css; charset=utf-8',
    },
  ),
  script: serveScript('./script.js'),
  /** A module that a page or its script loads. */
  module: (c: Context) =>
    modules.get(c.req.param('name') ?? '')?.(c) ?? problem('not-found', 'There is nothing at this path.'),
  icon: serveCompressedText(() => ICON, { 'content-type': 'image/svg+xml' }),
});
