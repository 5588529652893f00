// The Markdown pages of the project: all that a reader of the repository finds, as text and as tokens.

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type MarkedToken, marked, type Token } from 'marked';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Paths relative to the root of the repository. */
export const PAGES: readonly string[] = globSync(
  ['*.md', 'docs/**/*.md', 'examples/**/*.md', 'deploy/**/*.md', 'test/**/*.md'],
  { cwd: ROOT },
).sort();

export const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Every token of a page, nested ones included, in the order of the text. */
function tokensOf(markdown: string): Token[] {
  const tokens: Token[] = [];
  void marked.walkTokens(marked.lexer(markdown), (token) => void tokens.push(token));
  return tokens;
}

/** The tokens of one type. */
export function tokensOfType<T extends MarkedToken['type']>(
  markdown: string,
  type: T,
): Extract<MarkedToken, { type: T }>[] {
  return tokensOf(markdown).filter((token): token is Extract<MarkedToken, { type: T }> => token.type === type);
}
