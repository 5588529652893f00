// Reads the status words that no profile lists.

import type { UnknownWord } from '../../statistics-port.ts';
import type { Reads } from '../connection/reads.ts';

const WORDS = `SELECT spelling AS word, first_at AS "firstAt", last_at AS "lastAt", reports, timeouts
  FROM unknown_status_word_rows ORDER BY timeouts DESC, last_at DESC`;

export function createUnknownWords(reads: Pick<Reads, 'all'>): () => Promise<readonly UnknownWord[]> {
  return () => reads.all<UnknownWord & Record<string, unknown>>(WORDS);
}
