// The last look at a line before it is written: whatever is secret in it is gone. Nothing secret is meant to come this far.

const GONE = '[redacted]';

/** Shorter ones would be found in innocent words. */
const SHORTEST = 6;

/** What is secret whoever made it: tokens of callback URLs, credentials in headers, signing secrets, JSON Web Tokens. */
const SHAPES = [
  '[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])',
  '(?<=\\b(?:Bearer|Basic) )[A-Za-z0-9._~+/-]{6,}=*',
  'whsec_[A-Za-z0-9+/=_-]+',
  'eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*)?',
];

/** Also finds a secret as JSON, URLs and HTTP Basic would spell it. */
export function createRedact(secrets: readonly string[]): (line: string) => string {
  const spelled = secrets.filter(({ length }) => length >= SHORTEST).flatMap(spellings);
  // Of two that begin alike the longer is found first.
  const longestFirst = [...new Set(spelled)].sort((one, other) => other.length - one.length);
  const pattern = new RegExp([...longestFirst.map(escapeForPattern), ...SHAPES].join('|'), 'g');
  return (line) => line.replace(pattern, GONE);
}

function spellings(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, inJson, encodeURIComponent(secret.toWellFormed()), Buffer.from(secret).toString('base64')];
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
