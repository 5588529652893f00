// Finds the place of a profile's member in its file, for example `profile.json:12`, so that messages can name it.

import { readFileSync } from 'node:fs';
import { pointerTo } from '../../cxone/json-pointer.ts';
import { DEFAULT_PROFILE_NAME, SHIPPED_NAMES } from '../../cxone/profile/shipped.ts';
import { withCommandName } from '../../lib/command-name.ts';

export interface ProfilePlace {
  /** Returns where to change a member, for example `tenant.json:12 /poll/answer/status`. */
  of(pointer: string): string;
}

/** `pathOrName`: as CXONE_PROFILE has it, null for the built-in profile. */
export function placeOf(pathOrName: string | null): ProfilePlace {
  const name = pathOrName ?? DEFAULT_PROFILE_NAME;
  if (SHIPPED_NAMES.includes(name)) {
    return {
      of: (pointer) =>
        `${pointer} (the profile ${name} is shipped: ${withCommandName('npm run -s profile -- show')} ${name} > my.json)`,
    };
  }
  const lines = linesOf(readFileSync(name, 'utf8'));
  return {
    of: (pointer) => {
      const line = lines.get(pointer);
      if (line !== undefined) return `${name}:${line} ${pointer}`;
      return `${name}:${nearestLine(lines, pointer)} ${pointer} (which is to be added)`;
    },
  };
}

/** A missing member has the line of the object that lacks it. */
export function nearestLine(lines: ReadonlyMap<string, number>, pointer: string): number {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return lines.get('') ?? 1;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+|\n/g;

interface Token {
  readonly text: string;
  readonly line: number;
}

/** Returns the line, from 1, on which each member of a JSON document begins, by JSON Pointer; for text that is not JSON, the lines up to the error. */
export function linesOf(json: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const tokens = tokensOf(json);
  let next = 0;

  function value(at: string): void {
    const token = tokens[next];
    next += 1;
    if (token === undefined) return;
    if (!lines.has(at)) lines.set(at, token.line);
    if (token.text === '{') members(at, '}');
    if (token.text === '[') members(at, ']');
  }

  function members(at: string, end: '}' | ']'): void {
    for (let index = 0; next < tokens.length && tokens[next]?.text !== end; index += 1) {
      member(at, end === ']' ? index : null);
      if (tokens[next]?.text === ',') next += 1;
    }
    next += 1;
  }

  /** `index`: in a list; null for a member that has a name. */
  function member(at: string, index: number | null): void {
    const token = tokens[next];
    if (token === undefined) return;
    const place = at + pointerTo([index ?? nameIn(token.text)]);
    lines.set(place, token.line);
    // Behind a name and its colon.
    if (index === null) next += 2;
    value(place);
  }

  value('');
  return lines;
}

/** Of a JSON document, each with its line, from 1. */
export function tokensOf(json: string): Token[] {
  let line = 1;
  const tokens: Token[] = [];
  for (const [text] of json.matchAll(TOKEN)) {
    if (text === '\n') line += 1;
    else tokens.push({ text, line });
  }
  return tokens;
}

function nameIn(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
