// Finds variables that were meant for this program and that it does not read, for example AUDIT_RETENTION_DAY.

import leven from 'leven';
import { proxyWarnings, SHARED_PROXY_VARIABLES } from './proxies.ts';
import { VARIABLES } from './variables.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** First parts of names that no other program is likely to use. Shared ones (APP_, LOG_, DATABASE_, TLS_ …) need a near name. */
const OWN_PREFIXES =
  /^(?:CXONE|CALLBACK|NOTIFY|AUDIT|PAYLOAD|RETENTION|GRACE|POLL|QUEUE|OPERATOR|READER|SENSITIVE|TRUSTED)_/;

/** Variables that Node or a library reads from the real environment, before or without this program. */
const ENVIRONMENT_ONLY =
  /^(?:NODE_[A-Z_]+|UV_THREADPOOL_SIZE|SSL_CERT_(?:FILE|DIR)|OPENSSL_CONF|TZ|NO_COLOR|FORCE_COLOR)$/i;

/** Most edits between a name and the one that was meant. */
const MAX_EDITS = 2;

const READ: ReadonlySet<string> = new Set([
  ...VARIABLES.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])),
  ...SHARED_PROXY_VARIABLES.map((name) => name.toLowerCase()),
]);

/** Proxies for other programs, whose names resemble those that are read. */
const OTHER_PROXIES = /^(?:ALL|FTP|RSYNC|SOCKS)_PROXY$/i;

/**
 * Returns one message for each name in the environment or in .env that has no effect. The values are never part of a message.
 *
 * Every name in .env is checked. In the environment, which other programs share, only names that begin like one of this
 * program's or differ from one by few letters.
 */
export function unreadVariables(environment: Variables, file: Variables): string[] {
  const inFile = Object.keys(file).flatMap((name) => {
    if (READ.has(name)) return [];
    if (ENVIRONMENT_ONLY.test(name)) {
      return [`${name} in .env has no effect: it is read before .env is. Set it in the environment of the process`];
    }
    return [`${name} in .env is not read${suggestion(name)}`];
  });
  const inEnvironment = Object.keys(environment)
    .filter((name) => !READ.has(name) && !(name in file) && (environment[name] ?? '') !== '')
    .filter((name) => OWN_PREFIXES.test(name) || (name.length > 5 && !OTHER_PROXIES.test(name) && isMisspelled(name)))
    .map((name) => `${name} in the environment is not read${suggestion(name)}`);
  return [...inFile, ...inEnvironment, ...proxyWarnings({ ...file, ...environment })];
}

function nearest(name: string): { readonly name: string; readonly edits: number } {
  const upper = name.toUpperCase();
  return [...READ]
    .map((known) => ({ name: known, edits: leven(upper, known) }))
    .reduce((best, candidate) => (candidate.edits < best.edits ? candidate : best));
}

function isMisspelled(name: string): boolean {
  return nearest(name).edits <= MAX_EDITS;
}

function suggestion(name: string): string {
  const { name: known, edits } = nearest(name);
  return edits <= Math.max(MAX_EDITS, name.length / 3) ? `. Did you mean ${known}?` : '';
}
