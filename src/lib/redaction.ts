// The last filter before a log line or an error message is written: it removes secrets that should never have come this far.

const REDACTED = '[redacted]';

/** Shorter secrets would be found in ordinary words. */
const MIN_SECRET_LENGTH = 6;

/** Secrets by their shape: tokens of callback URLs, credentials in headers, signing secrets, JSON Web Tokens. */
const SHAPES = [
  '[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])',
  '(?<=\\b(?:Bearer|Basic) )[A-Za-z0-9._~+/-]{6,}=*',
  'whsec_[A-Za-z0-9+/=_-]+',
  'eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*)?',
];

/** Returns a function that replaces the secrets, in every {@link secretSpellings spelling}, and everything of a secret's shape. */
export function createRedact(secrets: readonly string[]): (line: string) => string {
  const spellings = secretSpellings(secrets.filter(({ length }) => length >= MIN_SECRET_LENGTH));
  const pattern = new RegExp([...spellings.map(escapeForPattern), ...SHAPES].join('|'), 'g');
  return (line) => line.replace(pattern, REDACTED);
}

/** Returns each secret as it is and as JSON, URLs, forms and HTTP Basic spell it; longest first, since one may contain another. */
export function secretSpellings(secrets: readonly string[]): string[] {
  const spellings = secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => {
      const json = JSON.stringify(secret).slice(1, -1);
      const form = new URLSearchParams([['', secret]]).toString().slice(1);
      const base64 = Buffer.from(secret).toString('base64');
      return [secret, json, json.replaceAll('/', '\\/'), encodeURIComponent(secret.toWellFormed()), form, base64];
    });
  return [...new Set(spellings)].sort((a, b) => b.length - a.length);
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
