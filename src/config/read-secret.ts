// Reads one secret from its file.

import { readFileSync } from 'node:fs';
import { reasonOf } from '../lib/log.ts';

/** A line end at the end of the file is not part of the secret: editors and `echo` add it. */
export function readSecret(file: string): { readonly secret: string } | { readonly problem: string } {
  let content: string;
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    // Not the path: a user who confuses the two variables has written the secret there.
    const isText = !(error instanceof TypeError);
    return { problem: `cannot be read (${isText ? reasonOf(error).split(',')[0] : 'it is not UTF-8 text'})` };
  }
  const secret = content.trim() || undefined;
  if (secret === undefined) return { problem: 'names a file that is empty' };
  const isKey = secret.startsWith('-----BEGIN ');
  if (/[\r\n\0]/.test(secret) && !isKey)
    return { problem: 'names a file of more than one line; separate several secrets by commas' };
  return { secret };
}
