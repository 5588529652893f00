// The error of a database that cannot be used.

/** The database cannot be used; the message names the file and the remedy. */
export class DatabaseRefused extends Error {
  override readonly name = 'DatabaseRefused';
}
