// The last filter before a log line or an error message is written: it removes secrets that should never have come this far.

import { escapePattern } from './escape-pattern.ts';
import { findQuoted } from './quoted-text.ts';

const REDACTED = '[redacted]';

/** Shorter secrets would be found in ordinary words. */
const MIN_SECRET_LENGTH = 6;

/** Secrets by their shape: tokens of callback URLs, credentials in headers, signing secrets, JSON Web Tokens. */
const CALLBACK_TOKEN = '[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])';
const SHAPES = [
  CALLBACK_TOKEN,
  '(?<=\\b(?:Bearer|Basic) )[A-Za-z0-9._~+/-]{6,}=*',
  'whsec_[A-Za-z0-9+/=_-]+',
  'eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*)?',
];

/** Returns a function that replaces the secrets, in every {@link secretSpellings spelling}, and everything of a secret's shape. */
export function createRedact(secrets: readonly string[]): (line: string) => string {
  const spellings = secretSpellings(secrets.filter(({ length }) => length >= MIN_SECRET_LENGTH));
  const pattern = new RegExp([...spellings.map(escapePattern), ...SHAPES].join('|'), 'g');
  return (line) => withoutEscapedTokens(line.replace(pattern, REDACTED));
}

/** Replaces tokens of callback URLs of which some characters are escaped, for example percent-encoded. */
function withoutEscapedTokens(line: string): string {
  if (!/%[\da-f]|\\[ux]|&#/i.test(line)) return line;
  const tokensIn = (plain: string) =>
    [...plain.matchAll(new RegExp(CALLBACK_TOKEN, 'g'))].map(({ 0: token, index }) => ({
      start: index,
      end: index + token.length,
    }));
  return findQuoted(line, tokensIn).reduceRight(
    (safe, { start, end }) => safe.slice(0, start) + REDACTED + safe.slice(end),
    line,
  );
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
