// Reads secrets from files, as secret stores and systemd provide them: NAME_FILE replaces each variable that is marked secret.

import { readSecret } from './read-secret.ts';
import type { Variable } from './variables.ts';

type Variables = Readonly<Record<string, string | undefined>>;

interface Found {
  /** Each variable's text; undefined when it is unset, empty or blank. */
  readonly given: Variables;
  /** Messages on unreadable files, by variable; each begins with the name of the variable to change. */
  readonly unread: ReadonlyMap<string, string>;
}

export function withSecretFiles(env: Variables, variables: readonly Pick<Variable, 'name' | 'secret'>[]): Found {
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
