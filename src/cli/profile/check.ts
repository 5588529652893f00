// `profile check <file>`: lists every mistake in a profile, with its line.

import { readFileSync } from 'node:fs';
import { loadProfile, ProfileError } from '../../cxone/profile/profile.ts';
import { parseJson } from '../../execution/json.ts';
import { reasonOf } from '../../lib/log.ts';
import { CommandError, type Declare } from '../context.ts';
import { linesOf, nearestLine, tokensOf } from '../doctor/profile-place.ts';
import { jsonOption, withHelp } from '../options.ts';

interface Mistake {
  readonly line: number;
  readonly pointer: string;
  readonly detail: string;
}

export const profileCheck: Declare = (command, context) =>
  withHelp(command, {
    description: 'Lists every mistake in an upstream profile, one per line: FILE:LINE, JSON Pointer, mistake.',
    exitCodes: '0 no mistake, 1 a mistake, 2 the file cannot be read',
    examples: [
      'npm run -s profile -- check tenant.json',
      "npm run -s profile -- check tenant.json --json | jq '.mistakes[].pointer'",
    ],
  })
    .argument('<file>', 'the profile')
    .addOption(jsonOption)
    .action((file, { json }) => {
      const mistakes = mistakesIn(file);
      const ok = mistakes.length === 0;
      const shown = mistakes.map(
        ({ line, pointer, detail }) => `${file}:${line} ${pointer || '(the whole profile)'}: ${detail}\n`,
      );
      if (json) context.write(`${JSON.stringify({ ok, mistakes })}\n`);
      else context.write(ok ? `${file}: no mistakes\n` : shown.join(''));
      if (!ok) context.exitCode = 1;
    });

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
    const found = error.problems.map(({ pointer, detail }) => ({ line: nearestLine(lines, pointer), pointer, detail }));
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

const SOUND = /^(?:"(?:[^"\\]|\\.)*"|[{}[\],:]|true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** Returns the line that the parser names, or the line of the first impossible token, or the last line. */
function lineOfSyntax(reason: string, text: string): number {
  const [, line] = /\(line (\d+) column \d+\)/.exec(reason) ?? [];
  if (line !== undefined) return Number(line);
  return tokensOf(text).find((token) => !SOUND.test(token.text))?.line ?? text.trimEnd().split('\n').length;
}

/** Removes the quoted content from the parser's message: it may be a secret of the token request. */
function withoutContent(reason: string): string {
  return reason.replace(/,? *(?:\.\.\.)?".*$/s, '').replace(/ in JSON at position.*$/s, '');
}
