// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): identifies a request that an app may repeat.

const MAX_CHARS = 255;

/** An RFC 8941 string, in which a backslash escapes a quote or a backslash. */
const STRING = /^"((?:[^"\\]|\\["\\])*)"$/;
/** Several header lines arrive as one list, which is not a key. */
const LIST = /^(?:"(?:[^"\\]|\\.)*"[ \t]*|[^"]*),/;
const BARE = /^[^"]*$/;

const EXAMPLE = 'send for example Idempotency-Key: "order-4711"';

export type ReadKey =
  /** Null if the header is absent. */
  { readonly valid: true; readonly key: string | null } | { readonly valid: false; readonly detail: string };

/** Reads the value, a string in quotes or bare text. The detail of an error does not repeat the value. */
export function readIdempotencyKey(header: string | null): ReadKey {
  if (header === null) return { valid: true, key: null };
  if (LIST.test(header)) return refused('came more than once, or with a comma outside of quotes');
  const [, quoted] = STRING.exec(header) ?? [];
  if (quoted === undefined && !BARE.test(header)) {
    return refused('is not a string of RFC 8941 (in quotes, with \\" and \\\\ for a quote and a backslash inside)');
  }
  const key = quoted?.replace(/\\(.)/g, '$1') ?? header;
  if (key === '') return refused('is empty');
  if (key.length > MAX_CHARS) return refused(`has ${key.length} characters, of which ${MAX_CHARS} are allowed`);
  if (!/^[\x21-\x7e]+$/.test(key)) return refused('contains a space, a control character or a character beyond ASCII');
  return { valid: true, key };
}

function refused(what: string): ReadKey {
  return { valid: false, detail: `${what}; ${EXAMPLE}, with 1 to ${MAX_CHARS} visible ASCII characters` };
}
