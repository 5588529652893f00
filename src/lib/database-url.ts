// Reads DATABASE_URL, which may name several hosts: `pg` accepts one, so that each host becomes a URL of its own.

const FORM = /^(postgres(?:ql)?:\/\/)((?:[^@/?#]*@)?)([^/?#@]+)(\/[^/?#]+)(\?[^#]*)?$/;

const WANTED = 'must be postgres://USER:PASSWORD@HOST[:PORT][,HOST[:PORT]…]/DATABASE';
/** The values of `sslmode` that `pg` distinguishes. It would take any other text for `verify-full`. */
const SSL_MODES = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'];
const ENCODED = 'with special characters percent-encoded, for example %40 for @';

export interface DatabaseAddress {
  /** Host and port, without user and password, for messages. */
  readonly host: string;
  readonly url: string;
}

/** @throws {TypeError} if the text is not a URL of a PostgreSQL database; the message quotes no part of it. */
export function addressesIn(databaseUrl: string): readonly [DatabaseAddress, ...DatabaseAddress[]] {
  const found = FORM.exec(databaseUrl);
  if (found === null) throw new TypeError(`${WANTED}, ${ENCODED}`);
  const [, scheme = '', login = '', hosts = '', database = '', query = ''] = found;
  const [first = '', ...others] = hosts.split(',');
  const modes = new URLSearchParams(query).getAll('sslmode');
  if (!modes.every((mode) => SSL_MODES.includes(mode))) {
    throw new TypeError(`must have one of ${SSL_MODES.join(', ')} as its sslmode`);
  }
  const addressOf = (host: string) => {
    const url = `${scheme}${login}${host}${database}${query}`;
    // `pg` would quote the URL, with its password, in the error.
    if (!URL.canParse(url) || !isEncoded(login + database)) throw new TypeError(`${WANTED}, ${ENCODED}`);
    return { host, url };
  };
  return [addressOf(first), ...others.map(addressOf)];
}

function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/** Returns the URL without user, password and options, for messages. */
export function withoutLogin(databaseUrl: string): string {
  const [, scheme = '', , hosts = '', database = ''] = FORM.exec(databaseUrl) ?? [];
  return `${scheme}${hosts}${database}`;
}

/** Returns the URL and the password in it: what must not appear in logs. */
export function secretsInDatabaseUrl(databaseUrl: string): string[] {
  const passwords = addressesIn(databaseUrl).flatMap(({ url }) => {
    const { password, searchParams } = new URL(url);
    return [password, decodeURIComponent(password), searchParams.get('password') ?? ''];
  });
  return [...new Set([databaseUrl, ...passwords])].filter((secret) => secret !== '');
}
