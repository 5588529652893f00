// The words of an answer for an error message: short, on one line, and without any secret of ours that it may repeat.

/** Longest excerpt, in UTF-16 code units. */
const MAX_EXCERPT = 512;

/** Control, format and separator characters, lone surrogates: what could forge log lines or hide text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}]+/gu;

export function excerpt(bytes: Uint8Array, secrets: readonly string[]): string {
  const line = new TextDecoder().decode(bytes).replace(UNPRINTABLE, ' ').trim();
  // First the secrets, then the cut: half a secret would not be found. The longest first, for one may contain another.
  const hidden = [...new Set(secrets.flatMap(spellings))].sort((a, b) => b.length - a.length);
  const safe = hidden.reduce((text, secret) => text.replaceAll(secret, '***'), line);
  return safe.length <= MAX_EXCERPT ? safe : `${safe.slice(0, MAX_EXCERPT - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** A secret as it stands, in a URL or form, and inside a JSON text. */
function spellings(secret: string): string[] {
  if (secret === '') return [];
  const json = JSON.stringify(secret).slice(1, -1);
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  return [secret, encodeURIComponent(secret), form, json, json.replaceAll('/', '\\/')];
}
