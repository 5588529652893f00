// SQLite's result codes in errors.

/** Returns SQLite's result code of an error, or an empty string for other errors. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** True for errors after which the content of the disk is unknown. */
export function isDiskFailure(error: unknown): boolean {
  return /^SQLITE_(IOERR|CORRUPT)/.test(codeOf(error));
}

/** True for errors of the disk or the file, as opposed to errors of one mutation. */
export function concernsTheStore(error: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|CORRUPT|BUSY|LOCKED|READONLY|CANTOPEN|NOMEM|PROTOCOL)/.test(codeOf(error));
}
