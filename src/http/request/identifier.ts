// The rule for ids that apps choose: safe in a URL path, a header, a file name and a log line.

/** Excludes `.` and `..`, which URL libraries collapse as path segments. */
export const IDENTIFIER = /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}$/;

export const IDENTIFIER_RULE = 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ ~ - and neither "." nor ".."';

export function isIdentifier(text: string): boolean {
  return IDENTIFIER.test(text);
}
