// Links between the Markdown pages lead to files and headings that exist.

import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import GithubSlugger from 'github-slugger';
import { describe, expect, test } from 'vitest';
import { PAGES, ROOT, read, tokensOfType } from './pages.ts';

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(path: string): Set<string> {
  const slugger = new GithubSlugger();
  return new Set(tokensOfType(read(path), 'heading').map(({ text }) => slugger.slug(text.replaceAll('`', ''))));
}

/** The reason why a link from a page is dead; null when it leads somewhere. Other hosts are not visited. */
function fault(page: string, href: string): string | null {
  if (/^(https?:|mailto:)/.test(href)) return null;
  const [file = '', anchor] = href.split('#');
  const target = file === '' ? page : normalize(join(dirname(page), decodeURI(file)));
  if (target.startsWith('..')) return 'leads out of the repository';
  if (!existsSync(join(ROOT, target))) return 'there is no such file';
  if (anchor === undefined) return null;
  if (!target.endsWith('.md') || statSync(join(ROOT, target)).isDirectory()) return 'only pages have anchors';
  return anchorsOf(target).has(anchor) ? null : `${target} has no heading #${anchor}`;
}

const linksOf = (markdown: string): string[] => [
  ...tokensOfType(markdown, 'link').map(({ href }) => href),
  ...tokensOfType(markdown, 'image').map(({ href }) => href),
];

test('every page is found', () => {
  expect(PAGES).toEqual(
    expect.arrayContaining(['CONTRIBUTING.md', 'README.md', 'SECURITY.md', 'docs/README.md', 'examples/README.md']),
  );
  expect(PAGES.length).toBeGreaterThan(30);
});

test('the pages have links, and dead ones are noticed', () => {
  expect(linksOf(read('README.md')).length).toBeGreaterThan(20);
  expect(linksOf('[a](x.md) ![b](y.png) | [c](#z)')).toEqual(['x.md', '#z', 'y.png']);
  expect(fault('README.md', 'docs/absent.md')).toBe('there is no such file');
  expect(fault('README.md', 'docs/runbook.md#absent')).toBe('docs/runbook.md has no heading #absent');
  expect(fault('docs/api.md', '../../elsewhere.md')).toBe('leads out of the repository');
  expect(fault('docs/api.md', '../README.md#two-commands')).toBeNull();
});

describe('links', () => {
  test.for(PAGES)('of %s', (page) => {
    const dead = linksOf(read(page)).flatMap((href) => {
      const reason = fault(page, href);
      return reason === null ? [] : [`${href}: ${reason}`];
    });
    expect(dead).toEqual([]);
  });
});

test('the index of the documentation leads to every page of docs/', () => {
  const indexed = ['docs/README.md', 'docs/decisions/README.md'].flatMap((index) =>
    linksOf(read(index)).map((href) => relative(ROOT, join(ROOT, dirname(index), href.split('#')[0] ?? ''))),
  );
  const pages = PAGES.filter((path) => path.startsWith('docs/') && path !== 'docs/README.md');
  expect(pages.filter((path) => !indexed.includes(path))).toEqual([]);
});
