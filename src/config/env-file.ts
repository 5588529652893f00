// Reads variables from a .env file. The environment takes precedence.

import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { reasonOf } from '../lib/log.ts';
import { ConfigError } from './config.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const BLANK_OR_COMMENT = /^\s*(#.*)?$/;
/** NAME=value, the value bare or between quotes of one kind, a comment behind it. */
const ASSIGNMENT =
  /^\s*(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*('[^']*'|"[^"]*"|`[^`]*`|[^\s'"`#]([^#]*[^\s#])?)?(\s+#.*|\s*)$/;

/** The environment, completed by the file at `path` if there is one. @throws {ConfigError} naming the file and line. */
export function withEnvFile(env: Variables, path = '.env'): Variables {
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== '');
  return { ...readEnvFile(path), ...Object.fromEntries(set) };
}

/** The variables of the file alone; none if there is no file. @throws {ConfigError} naming the file and line. */
export function readEnvFile(path = '.env'): Variables {
  const lines = textOf(path).split(/\r?\n/);
  const problems = lines.flatMap((line, index) => {
    const readable = BLANK_OR_COMMENT.test(line) || ASSIGNMENT.test(line);
    return readable
      ? []
      : [`${path} line ${index + 1}: is not NAME=value on one line (quote a value that contains # or quotes)`];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  // Line by line: parseEnv takes the next line for the value of a `NAME= ` that ends in a space, and drops what it cannot read.
  return Object.assign({}, ...lines.map((line) => parseEnv(line)));
}

function textOf(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new ConfigError([`${path}: cannot be read as UTF-8 text (${reasonOf(error)})`]);
  }
}
