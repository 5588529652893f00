// The form in which status words are compared: systems write the same word in different cases and with different separators.

/** Returns the word in upper case, without separators between letters: "timed out", TIMED_OUT and TimedOut are equal. */
export function normalizeStatusWord(word: string): string {
  // promise: status-word-spellings
  return word
    .trim()
    .replaceAll(/(?<=\p{L})[\s_-]+(?=\p{L})/gu, '')
    .toUpperCase();
}
