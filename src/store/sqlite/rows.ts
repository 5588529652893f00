// Short forms in the tables: codes of words, bytes of ids and hashes, JSON text. Audit entries in the form that is hashed and exported.

/** Status of a row that only names what entries of an import are about: it is not an execution. */
export const ONLY_NAMED = 0;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** Returns the 16 bytes of a UUID in lower case, and any other text as it is. */
export function uuidBytes(text: string): Buffer | string {
  return UUID.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : text;
}

/** Returns the text of what `uuidBytes` returned. */
export function uuidText(stored: unknown): string {
  if (!(stored instanceof Uint8Array)) return String(stored);
  // A buffer from another thread is a plain array of bytes.
  const hex = Buffer.from(stored).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Returns the 32 bytes of a SHA-256 in lower-case hex, and any other text as it is. */
export function hashBytes(text: string): Buffer | string {
  return SHA256.test(text) ? Buffer.from(text, 'hex') : text;
}

/** Returns the text of what `hashBytes` returned. */
export function hashText(stored: unknown): string {
  return Buffer.isBuffer(stored) ? stored.toString('hex') : String(stored);
}
