// The code and the comments of a page, with their places in its text.

import { type MarkedToken, marked } from 'marked';

/** Code or a comment of a page, with its place in the text. */
export interface Piece {
  readonly type: 'code' | 'codespan' | 'html';
  readonly start: number;
  readonly end: number;
  readonly language: string;
  readonly text: string;
}

/** Marked has no positions: each piece is searched behind the one before. Indentation, line breaks and `\|` may differ. */
export function piecesOf(markdown: string): Piece[] {
  const pieces: Piece[] = [];
  let cursor = 0;
  void marked.walkTokens(marked.lexer(markdown), (generic) => {
    const token = generic as MarkedToken;
    if (token.type !== 'code' && token.type !== 'codespan' && token.type !== 'html') return;
    const raw = token.raw.trim();
    const pattern = RegExp.escape(raw)
      .replaceAll(/(?:\\x20|\\n|\\t)+/g, '\\s+')
      .replaceAll('\\|', '\\\\?\\|');
    const search = new RegExp(pattern, 'g');
    search.lastIndex = cursor;
    const found = search.exec(markdown);
    if (found === null) throw new Error(`the place of ${raw} is not found`);
    cursor = search.lastIndex;
    const language = token.type === 'code' ? (token.lang ?? '') : '';
    pieces.push({ type: token.type, start: found.index, end: cursor, language, text: token.text });
  });
  return pieces;
}
