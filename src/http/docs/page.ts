// The API documentation as one HTML page, generated from the OpenAPI document. Its script searches and tries operations of this
// receiver; nothing is loaded from elsewhere.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { html, raw } from 'hono/html';
import { anchor, type Html, inline, paragraphs } from '../html.ts';
import type { Document } from '../openapi/model.ts';
import { BASE_STYLE } from '../styles/base.ts';
import { operationSection, type Placed } from './operations.ts';
import { schemaSection } from './schemas.ts';

const own = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

const STYLE = `${BASE_STYLE}\n${own('./style.css')}`;
const SCRIPT = own('./script.js');

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Allows the inline style and script by their hashes, and requests to this receiver. */
export const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function documentationPage(document: Document): string {
  const { info, tags, components } = document;
  const placed = operationsOf(document);
  const groups = tags.map((tag) => ({
    ...tag,
    operations: placed.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${info.title} ${info.version}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<h1>${info.title} <small>${info.version}</small></h1>
<p>${info.summary}</p>
</header>
<nav aria-label="Contents">
${groups.map(contentsOf)}
<h2><a href="#schemas">Schemas</a></h2>
</nav>
<main id="main">
<section aria-labelledby="about"><h2 id="about">About</h2>
${paragraphs(info.description)}
<p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI ${document.openapi}). The curl commands need <code>BASE</code>, the address of the receiver, and <code>KEY</code>, your key.</p>
</section>
${groups.map(
  ({ name, description, operations }) => html`<section aria-labelledby="${anchor('tag', name)}">
<h2 id="${anchor('tag', name)}">${name}</h2>
${paragraphs(description)}
${linksTo(operations)}
${operations.map((one) => operationSection(document, one, name !== 'Webhooks' && name !== 'Callbacks'))}
</section>`,
)}
<section aria-labelledby="schemas"><h2 id="schemas">Schemas</h2>
${Object.entries(components.schemas).map(([name, schema]) => schemaSection(name, schema))}
</section>
</main>
<script type="module">${raw(SCRIPT)}</script>
</body>
</html>
`;
  return page.toString();
}

interface Group {
  readonly name: string;
  readonly operations: readonly Placed[];
}

function contentsOf({ name, operations }: Group): Html {
  return html`<h2><a href="#${anchor('tag', name)}">${name}</a></h2>${linksTo(operations)}`;
}

function linksTo(operations: readonly Placed[]): Html {
  const links = operations.map(({ method, path, operation }) => {
    const verb = html`<span class="verb ${method}">${method.toUpperCase()}</span>`;
    return html`<li><a href="#${anchor(operation.operationId)}" title="${path}">${verb} <span>${inline(operation.summary)}</span></a></li>`;
  });
  return html`<ul class="contents">${links}</ul>`;
}

/** Returns the operations of all paths, webhooks and callbacks. */
function operationsOf({ paths, webhooks }: Document): Placed[] {
  const own = [...Object.entries(paths), ...Object.entries(webhooks)].flatMap(([path, item]) => ofItem(path, item));
  const called = own.flatMap(({ operation }) => Object.values(operation.callbacks ?? {}));
  return [...own, ...called.flatMap((items) => Object.entries(items).flatMap(([path, item]) => ofItem(path, item)))];
}

function ofItem(path: string, { get, post }: Document['paths'][string]): Placed[] {
  return [
    ...(get === undefined ? [] : [{ method: 'get', path, operation: get } as const]),
    ...(post === undefined ? [] : [{ method: 'post', path, operation: post } as const]),
  ];
}
