// The documentation page: complete, safe, and usable with keyboard, screen reader and phone.

import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { documentationPage } from '../../../src/http/docs/page.ts';
import { openApiDocument } from '../../../src/http/operations.ts';
import { type Answer, startHttp } from '../harness.ts';
import { operationsOf } from '../openapi/conformance.ts';

const DOCUMENT = openApiDocument();
let page: Answer;

beforeAll(async () => {
  await using http = await startHttp({ role: 'apps' });
  page = await http.call('GET', '/docs', { key: null });
});

test('anyone gets it', () => {
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.text).toBe(documentationPage(DOCUMENT));
});

test('the headers allow its own style and script and requests to this receiver, and nothing else', () => {
  const policy = (page.headers.get('content-security-policy') ?? '').split('; ');
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page.text) ?? [];
  const [, script = ''] = /<script type="module">(.*?)<\/script>/s.exec(page.text) ?? [];
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  expect(policy).toEqual([
    "default-src 'none'",
    `style-src ${hash(style)}`,
    `script-src ${hash(script)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]);
  expect(style.length).toBeGreaterThan(1000);
  expect(script.length).toBeGreaterThan(1000);
});

test('it has one script, holds nothing that the headers would stop, and names no other place to load from', () => {
  expect(page.text.split('<script')).toHaveLength(2);
  const markup = page.text.replace(/<script type="module">.*<\/script>/s, '');
  expect(markup).not.toMatch(/<(?:link|img|iframe|object|embed|form|base)\b|\son\w+=|\sstyle=|@import|url\(/i);
  expect(page.text).not.toMatch(/fetch\(['"`]http|import\(/);
  const targets = [...markup.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, target = '']) => target);
  expect(new Set(targets.filter((target) => !target.startsWith('#')))).toEqual(new Set(['openapi.json']));
});

test('every operation is folded: method, path and summary remain visible', () => {
  for (const { path, operation } of operationsOf(DOCUMENT)) {
    const [, summary = '', rest = ''] =
      /<details>\s*<summary>(.*?)<\/summary>(.*)/s.exec(article(operation.operationId)) ?? [];
    expect(textOf(summary)).toContain(path);
    expect(textOf(summary)).toContain(operation.summary.replaceAll('`', ''));
    expect(rest).toContain('<h4>Responses</h4>');
  }
});

test('every link within it leads somewhere, and every id is there once', () => {
  const ids = [...page.text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const links = [...page.text.matchAll(/(?:href="#|aria-labelledby=")([^"]*)"/g)].map(([, id]) => id);
  expect(links.length).toBeGreaterThan(50);
  for (const link of links) expect(ids).toContain(link);
});

test('every operation is on it, with its parameters, its answers and how to call it', () => {
  for (const { path, operation } of operationsOf(DOCUMENT)) {
    const section = article(operation.operationId);
    expect(textOf(section)).toContain(path);
    expect(textOf(section)).toContain(operation.summary.replaceAll('`', ''));
    for (const status of Object.keys(operation.responses)) expect(section).toContain(`<th scope="row">${status}</th>`);
    if (operation.tags.includes('Callbacks')) continue;
    expect(textOf(section)).toMatch(/curl .*"\$BASE\/[^{}]*"/);
    expect(section.includes('Bearer $KEY')).toBe(operation.security.length > 0);
  }
});

test('every webhook and every schema is on it', () => {
  for (const { post } of Object.values(DOCUMENT.webhooks))
    expect(article(post?.operationId ?? '')).toContain('webhook-id');
  for (const name of Object.keys(DOCUMENT.components.schemas)) expect(page.text).toContain(`<h3 id="schema-${name}">`);
});

test('it has landmarks, a way past the contents, headings in order, and a caption on every table', () => {
  for (const landmark of ['<header>', '<nav aria-label="Contents">', '<main id="main">']) {
    expect(page.text.split(landmark)).toHaveLength(2);
  }
  const [first] = /<a [^>]*>/.exec(page.text) ?? [];
  expect(first).toBe('<a class="skip" href="#main">');
  expect(page.text).toMatch(/^<!doctype html>\n<html lang="en">/);
  const main = page.text.slice(page.text.indexOf('<main'));
  const levels = [...main.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
  expect(levels[0]).toBe(2);
  for (const [index, level] of levels.entries()) expect(level - (levels[index - 1] ?? 1)).toBeLessThanOrEqual(1);
  const tables = page.text.split('<table>').slice(1);
  expect(tables.length).toBeGreaterThan(50);
  for (const table of tables) expect(table.trimStart()).toMatch(/^<caption>[^<]/);
  expect(page.text).toContain('name="viewport"');
});

test('what stands in the document cannot become markup', () => {
  const info = { ...DOCUMENT.info, title: '<script>alert(1)</script>', description: '`<b>` & "<i>"' };
  const text = documentationPage({ ...DOCUMENT, info }).replace(/<script type="module">.*<\/script>/s, '');
  expect(text).not.toMatch(/<script|<b>|<i>/);
  expect(text).toContain('<code>&lt;b&gt;</code> &amp; &quot;&lt;i&gt;&quot;');
});

function article(id: string): string {
  const [, text = ''] = page.text.split(`<article aria-labelledby="${id}"`);
  return text.split('</article>')[0] ?? '';
}

function textOf(html: string): string {
  return html.replace(/<[^>]*>/g, '').replaceAll('&quot;', '"');
}
