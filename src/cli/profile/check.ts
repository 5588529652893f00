// `profile check FILE`: every mistake in a profile, with its line.

import { readFileSync } from 'node:fs';
import { loadProfile, ProfileError } from '../../cxone/profile/profile.ts';
import { parseJson } from '../../execution/json.ts';
import { reasonOf } from '../../lib/log.ts';
import { type Action, CommandError, CommandUsage, readFlags } from '../context.ts';
import { linesOf, tokensOf } from '../doctor/profile-place.ts';

const FLAGS = { json: { type: 'boolean', default: false } } as const;

interface Mistake {
  readonly line: number;
  readonly pointer: string;
  readonly detail: string;
}

export const profileCheck: Action = {
  help: `Usage: npm run profile -- check FILE [--json]

Names every mistake in an upstream profile, one a line: FILE:LINE, the member as a JSON Pointer, and what is wrong with it.

  --json   one JSON document instead of lines

Exit code: 0 there is none, 1 there is one, 2 the file cannot be read.

  npm run profile -- check tenant.json
`,
  run: async (args, { write }) => {
    const { values, positionals } = readFlags(args, FLAGS, 1);
    const [file] = positionals;
    if (file === undefined) throw new CommandUsage('Say which file.');
    const mistakes = mistakesIn(file);
    const shown = mistakes.map(
      ({ line, pointer, detail }) => `${file}:${line} ${pointer || '(the whole profile)'}: ${detail}\n`,
    );
    if (values.json) write(`${JSON.stringify({ ok: mistakes.length === 0, mistakes })}\n`);
    else write(shown.length === 0 ? `${file}: there is no mistake in it\n` : shown.join(''));
    return mistakes.length === 0 ? 0 : 1;
  },
};

function mistakesIn(file: string): Mistake[] {
  const text = contentOf(file);
  try {
    parseJson(text);
  } catch (error) {
    return [
      {
        line: lineOfSyntax(reasonOf(error), text),
        pointer: '',
        detail: `is not JSON: ${withoutContent(reasonOf(error))}`,
      },
    ];
  }
  try {
    loadProfile(file);
    return [];
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    const lines = linesOf(text);
    const found = error.problems.map(({ pointer, detail }) => ({ line: lineOf(lines, pointer), pointer, detail }));
    return found.length > 0 ? found : [{ line: 1, pointer: '', detail: error.message }];
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${reasonOf(error)}`);
  }
}

/** What is missing has the line of what it is missing in. */
function lineOf(lines: ReadonlyMap<string, number>, pointer: string): number {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return lines.get('') ?? 1;
}

const SOUND = /^(?:"(?:[^"\\]|\\.)*"|[{}[\],:]|true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** The parser names the line, or a token that cannot be, or only that the text ended. */
function lineOfSyntax(reason: string, text: string): number {
  const [, line] = /\(line (\d+) column \d+\)/.exec(reason) ?? [];
  if (line !== undefined) return Number(line);
  return tokensOf(text).find((token) => !SOUND.test(token.text))?.line ?? text.trimEnd().split('\n').length;
}

/** The parser's words quote what stands there, which may be a secret among the token's parameters. */
function withoutContent(reason: string): string {
  return reason.replace(/,? *(?:\.\.\.)?".*$/s, '').replace(/ in JSON at position.*$/s, '');
}
