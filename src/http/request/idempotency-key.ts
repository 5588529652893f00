// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): under which an app may send a request again.

const MAX_CHARS = 255;

/** An RFC 8941 string: a quote and a backslash inside are written with a backslash before them. */
const STRING = /^"((?:[^"\\]|\\["\\])*)"$/;
/** Several header lines arrive as one list, which a key must not be mistaken for. */
const LIST = /^(?:"(?:[^"\\]|\\.)*"[ \t]*|[^"]*),/;
const BARE = /^[^"]*$/;

const EXAMPLE = 'send one such as Idempotency-Key: "order-4711"';

export type ReadKey =
  /** Null: there is none. */
  { readonly valid: true; readonly key: string | null } | { readonly valid: false; readonly detail: string };

/** Reads the header's value, a string in quotes or the bare text; what is wrong is told without repeating it. */
export function readIdempotencyKey(header: string | null): ReadKey {
  if (header === null) return { valid: true, key: null };
  if (LIST.test(header)) return refused('came more than once, or with a comma outside of quotes');
  const [, quoted] = STRING.exec(header) ?? [];
  if (quoted === undefined && !BARE.test(header)) {
    return refused('is no string as RFC 8941 has it (in quotes, with \\" and \\\\ for a quote and a backslash inside)');
  }
  const key = quoted?.replace(/\\(.)/g, '$1') ?? header;
  if (key === '') return refused('is empty');
  if (key.length > MAX_CHARS) return refused(`has ${key.length} characters, of which ${MAX_CHARS} are allowed`);
  if (!/^[\x21-\x7e]+$/.test(key)) return refused('holds a space, a control character or one beyond ASCII');
  return { valid: true, key };
}

function refused(what: string): ReadKey {
  return { valid: false, detail: `${what}; ${EXAMPLE}, with 1 to ${MAX_CHARS} visible ASCII characters` };
}
