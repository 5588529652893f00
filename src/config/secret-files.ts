// Reads secrets from files, as secret stores and systemd provide them: NAME_FILE replaces each variable that is marked secret.

import { readFileSync } from 'node:fs';
import { reasonOf } from '../lib/log.ts';

type Variables = Readonly<Record<string, string | undefined>>;

interface MaybeSecret {
  readonly name: string;
  readonly secret: boolean;
}

interface Found {
  /** Each variable's text; undefined when it is unset, empty or blank. */
  readonly given: Variables;
  /** Messages on unreadable files, by variable; each begins with the name of the variable to change. */
  readonly unread: ReadonlyMap<string, string>;
}

export function withSecretFiles(env: Variables, variables: readonly MaybeSecret[]): Found {
  const given: Record<string, string | undefined> = {};
  const unread = new Map<string, string>();
  for (const { name, secret } of variables) {
    given[name] = textOf(env[name]);
    const file = secret ? textOf(env[`${name}_FILE`]) : undefined;
    if (file === undefined) continue;
    // promise: secret-in-one-place
    const found =
      given[name] === undefined ? readSecret(file) : { problem: `is set together with ${name}; set one of them` };
    if ('problem' in found) unread.set(name, `${name}_FILE: ${found.problem}`);
    else given[name] = found.secret;
  }
  return { given, unread };
}

function textOf(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}

/** A line end at the end of the file is not part of the secret: editors and `echo` add it. */
export function readSecret(file: string): { readonly secret: string } | { readonly problem: string } {
  let content: string;
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    // Not the path: a user who confuses the two variables has written the secret there.
    const isText = !(error instanceof TypeError);
    return { problem: `cannot be read (${isText ? reasonOf(error).split(',')[0] : 'it is not UTF-8 text'})` };
  }
  const secret = content.trim() || undefined;
  if (secret === undefined) return { problem: 'names a file that is empty' };
  const isKey = secret.startsWith('-----BEGIN ');
  if (/[\r\n\0]/.test(secret) && !isKey)
    return { problem: 'names a file of more than one line; separate several secrets by commas' };
  return { secret };
}
