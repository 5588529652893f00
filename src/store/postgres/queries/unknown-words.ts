// Reads the status words that no profile lists.

import type { Reads } from '../../shared/reads.ts';
import type { UnknownWord } from '../../statistics-port.ts';

const WORDS = `SELECT spelling AS word, first_at AS "firstAt", last_at AS "lastAt", reports, timeouts
  FROM unknown_status_word_rows ORDER BY timeouts DESC, last_at DESC`;

export function createUnknownWords(reads: Reads): () => Promise<readonly UnknownWord[]> {
  return () => reads.all<UnknownWord>(WORDS);
}
