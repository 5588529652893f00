// An excerpt of a response body for an error message: short, on one line, without secrets.

import { secretSpellings } from '../redaction.ts';

/** In UTF-16 code units. */
const MAX_EXCERPT = 512;

/** Control, format and separator characters, lone surrogates: they could forge log lines or hide text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}]+/gu;

/** Returns the text of the bytes with `***` in place of each secret. */
export function excerpt(bytes: Uint8Array, secrets: readonly string[]): string {
  const line = new TextDecoder().decode(bytes).replace(UNPRINTABLE, ' ').trim();
  // Secrets before the cut: half a secret would not be found.
  const safe = secretSpellings(secrets).reduce((text, secret) => text.replaceAll(secret, '***'), line);
  return safe.length <= MAX_EXCERPT ? safe : `${safe.slice(0, MAX_EXCERPT - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
