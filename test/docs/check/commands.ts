// The commands that a page shows, in blocks of `sh` and `sql` and as code in its text, with the marks that are beside them.

import { looksLikeMark, type Mark, markIn } from './marks.ts';
import { type Piece, piecesOf } from './pieces.ts';

/** What a page shows as the output of a command. */
export interface ShownOutput {
  readonly form: 'text' | 'json';
  readonly text: string;
}

export interface Command {
  readonly page: string;
  readonly line: number;
  readonly language: 'sh' | 'sql';
  /** Null for code in the text. The commands of one block run in one folder, one after the other. */
  readonly block: number | null;
  readonly text: string;
  /** Why it cannot run on a fresh machine, from its mark; null if it runs. */
  readonly notRun: string | null;
  /** The exit codes that are right. */
  readonly exitCodes: readonly number[];
  /** Whether a receiver runs meanwhile; null where the page does not state it. */
  readonly withReceiver: boolean | null;
  readonly output: ShownOutput | null;
}

/** Something that is wrong with a command of a page. */
export interface Fault {
  readonly page: string;
  readonly line: number;
  readonly command: string;
  readonly message: string;
}

/** The programs of which code in the text is a command, if an argument follows. */
const PROGRAMS = [
  ...['cp', 'curl', 'cxone-callback-receiver', 'docker', 'fuser', 'git', 'iostat', 'journalctl', 'kubectl', 'mkdir'],
  ...['mv', 'node', 'npm', 'npx', 'podman', 'psql', 'python3', 'rm', 'sh', 'sqlite3', 'systemctl', 'systemd-analyze'],
];
const SHELL = new RegExp(`^(?:[A-Z_]+=\\S* )*(?:${PROGRAMS.join('|')}) \\S`);
const SQL = /^SELECT\s/;

const SYNONYMS_OF_SH = ['bash', 'shell', 'console', 'zsh', 'shellsession'];

/** One line of a block, or several that are joined by a backslash. */
interface Statement {
  readonly text: string;
  /** Lines between it and the fence. */
  readonly offset: number;
}

function statementsIn(block: string): Statement[] {
  const statements: Statement[] = [];
  let text = '';
  let begin = 0;
  for (const [offset, line] of block.split('\n').entries()) {
    if (text === '') begin = offset + 1;
    text += text === '' ? line : `\n${line}`;
    if (line.endsWith('\\')) continue;
    if (!/^\s*(?:#|$)/.test(text)) statements.push({ text, offset: begin });
    text = '';
  }
  return statements;
}

/** The commands of a page, and what is wrong with the way in which they are shown. */
export interface Page {
  readonly commands: readonly Command[];
  readonly faults: readonly Fault[];
}

interface PlacedMark {
  readonly piece: Piece;
  readonly mark: Mark;
}

/** A page while it is read. */
class Reading {
  readonly commands: Command[] = [];
  readonly faults: Fault[] = [];
  readonly #used = new Set<Piece>();
  readonly #page: string;
  readonly #markdown: string;
  readonly #pieces: readonly Piece[];

  constructor(page: string, markdown: string) {
    this.#page = page;
    this.#markdown = markdown;
    this.#pieces = piecesOf(markdown);
  }

  readAll(): Page {
    for (const [index, piece] of this.#pieces.entries()) {
      const { type, language, text } = piece;
      if (type === 'code') this.#readCode(piece, index, language);
      if (type === 'codespan' && SHELL.test(text)) this.#readInText(piece, index, 'sh');
      if (type === 'codespan' && SQL.test(text)) this.#readInText(piece, index, 'sql');
    }
    for (const piece of this.#pieces) {
      if (piece.type === 'html' && !this.#used.has(piece) && looksLikeMark(piece.text.trim())) {
        this.#report(
          piece,
          'the mark is beside no command: it follows code in the text directly, and precedes a block directly',
        );
      }
    }
    return { commands: this.commands, faults: this.faults };
  }

  #readCode(piece: Piece, index: number, language: string): void {
    if (SYNONYMS_OF_SH.includes(language)) this.#report(piece, 'give the block the language sh');
    if (language === 'sql') this.#readBlock(piece, index, [{ text: piece.text, offset: 1 }]);
    if (language !== 'sh') return;
    const next = this.#pieces[index + 1];
    if (next?.type === 'code' && next.language === '' && this.#areAdjacent(piece, next))
      this.#report(next, 'a block directly after commands is their output: give it the language text or json');
    this.#readBlock(piece, index, statementsIn(piece.text));
  }

  #readBlock(piece: Piece, index: number, statements: readonly Statement[]): void {
    const language = piece.language === 'sql' ? 'sql' : 'sh';
    const marks = this.#marksFrom(index, -1);
    for (const { mark, piece: comment } of marks) {
      if (!statements.some(({ text }) => text.startsWith(mark.beginning)))
        this.#report(comment, `no command of the block begins with ${mark.beginning}`);
    }
    for (const { text, offset } of statements) {
      const fitting = marks.map(({ mark }) => mark).filter(({ beginning }) => text.startsWith(beginning));
      const output = text === statements.at(-1)?.text ? this.#outputAfter(piece, index) : null;
      this.commands.push({
        ...{ page: this.#page, line: this.#lineOf(piece) + offset, language, block: index, text, output },
        ...withMarks(fitting),
      });
    }
  }

  #outputAfter(piece: Piece, index: number): ShownOutput | null {
    const next = this.#pieces[index + 1];
    if (piece.language !== 'sh' || next?.type !== 'code' || !this.#areAdjacent(piece, next)) return null;
    const form = next.language;
    return form === 'text' || form === 'json' ? { form, text: next.text } : null;
  }

  #readInText(piece: Piece, index: number, language: 'sh' | 'sql'): void {
    const marks = this.#marksFrom(index, 1);
    for (const { mark, piece: comment } of marks) {
      const before = this.#markdown.slice(this.#markdown.lastIndexOf('\n', comment.start) + 1, comment.start);
      if (before.trim() === '')
        this.#report(comment, 'a comment that begins a line ends the paragraph: put it on the line above');
      if (mark.beginning !== '') this.#report(comment, 'only a mark in front of a block chooses lines');
    }
    const text = piece.text.replaceAll(/\s+/g, ' ');
    this.commands.push({
      ...{ page: this.#page, line: this.#lineOf(piece), language, block: null, text, output: null },
      ...withMarks(marks.map(({ mark }) => mark)),
    });
  }

  /** The marks in one direction from a piece, as far as nothing but space is between them. */
  #marksFrom(index: number, step: 1 | -1): PlacedMark[] {
    const found: PlacedMark[] = [];
    for (let at = index; ; at += step) {
      const [here, piece] = [this.#pieces[at], this.#pieces[at + step]];
      if (here === undefined || piece?.type !== 'html') return found;
      if (!(step === 1 ? this.#areAdjacent(here, piece) : this.#areAdjacent(piece, here))) return found;
      this.#used.add(piece);
      try {
        const mark = markIn(piece.text.trim());
        if (mark !== null) found.push({ piece, mark });
      } catch (error) {
        this.#report(piece, (error as Error).message);
      }
    }
  }

  #areAdjacent(one: Piece, other: Piece): boolean {
    const between = this.#markdown.slice(one.end, other.start);
    // An empty line ends the paragraph of code in the text.
    return between.trim() === '' && (one.type !== 'codespan' || !/\n\s*\n/.test(between));
  }

  #lineOf(piece: Piece): number {
    return this.#markdown.slice(0, piece.start).split('\n').length;
  }

  #report(piece: Piece, message: string): void {
    this.faults.push({ page: this.#page, line: this.#lineOf(piece), command: piece.text.trim(), message });
  }
}

export const commandsOf = (page: string, markdown: string): Page => new Reading(page, markdown).readAll();

function withMarks(marks: readonly Mark[]): Pick<Command, 'notRun' | 'exitCodes' | 'withReceiver'> {
  const find = (kind: Mark['kind']) => marks.find((mark) => mark.kind === kind);
  const receiver = find('with a receiver') === undefined ? null : true;
  return {
    notRun: find('not run')?.reason ?? null,
    exitCodes: find('exit code')?.exitCodes ?? [0],
    withReceiver: find('without a receiver') === undefined ? receiver : false,
  };
}
