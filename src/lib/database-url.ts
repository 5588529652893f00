// Reads DATABASE_URL, which may name several hosts: `pg` accepts one, so that each host becomes a URL of its own.

const FORM = /^(postgres(?:ql)?:\/\/)((?:[^@/?#]*@)?)([^/?#@]+)(\/[^/?#]+)(\?[^#]*)?$/;

const WANTED = 'must be postgres://USER:PASSWORD@HOST[:PORT][,HOST[:PORT]…]/DATABASE';
/** The values of `sslmode` that `pg` distinguishes. It would take any other text for `verify-full`. */
const SSL_MODES = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'];
/** What `pg` reads of a URL without a change of its user, password, host, port or database. It ignores what it does not know. */
const PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'options'];
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
  refuseParameters(new URLSearchParams(query));
  const addressOf = (host: string) => {
    const url = `${scheme}${login}${host}${database}${query}`;
    // `pg` would quote the URL, with its password, in the error.
    if (!URL.canParse(url) || !isEncoded(login + database)) throw new TypeError(`${WANTED}, ${ENCODED}`);
    return { host, url };
  };
  return [addressOf(first), ...others.map(addressOf)];
}

function refuseParameters(parameters: URLSearchParams): void {
  const names = [...parameters.keys()];
  // promise: database-url-parameters
  if (!names.every((name) => PARAMETERS.includes(name)) || new Set(names).size < names.length) {
    throw new TypeError(
      `may have only these parameters, each once: ${PARAMETERS.join(', ')}; user, password, host, port and database precede the question mark`,
    );
  }
  const mode = parameters.get('sslmode');
  if (mode !== null && !SSL_MODES.includes(mode)) {
    throw new TypeError(`must have one of ${SSL_MODES.join(', ')} as its sslmode`);
  }
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
    const { password } = new URL(url);
    return [password, decodeURIComponent(password)];
  });
  return [...new Set([databaseUrl, ...passwords])].filter((secret) => secret !== '');
}
