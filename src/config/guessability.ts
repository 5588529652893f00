// Estimates how many guesses a secret withstands: common words, names, repeats and sequences count little, whatever their length.

/** Common in chosen secrets, and in what documentation and tests use in their place. */
const WORDS = (
  'password passwort passwd passphrase secret geheim admin administrator administrators root user guest test testing demo ' +
  'default changeme change please letmein welcome hello login master dragon monkey football baseball sunshine princess ' +
  'iloveyou love summer winter spring autumn january december monday friday company service server client system manager ' +
  'access token key keys apikey api auth bearer basic oauth sign signing signature hmac hash random string value sample ' +
  'example placeholder dummy foobar foo bar baz temp temporary callback webhook receiver cxone nice incontact contact agent ' +
  'operator reader app apps application orders order billing shop alice bob carol production prod staging development ' +
  'local localhost internal private public only for this that the with and not your characters chars thirty two long least ' +
  'insert replace here enter super safe secure security strong weak qwerty qwertz azerty asdf zxcv trustno shadow michael'
).split(' ');

/** Rows along which keys and characters follow each other. */
const SEQUENCES = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'yxcvbnm',
].flatMap((row) => [row, [...row].toReversed().join('')]);

const LEET: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'l',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** One word of the list, in one of a few spellings, or a year. */
const WORD_BITS = 10;
/** The start and the row of a sequence, the character of a run, or the place of what is repeated. */
const PATTERN_BITS = 6;
/** A shorter word, run or sequence occurs in random text. */
const MIN_CHARS = 3;
/** Each letter of a word that is not in the list, after the first. */
const LETTER_OF_WORD_BITS = 2.6;
const MIN_VOWEL_SHARE = 0.25;

/** More characters cannot make a strong secret weak. */
const MAX_CHARS = 256;

const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^a-zA-Z0-9]/, 32],
];

/**
 * Returns the binary logarithm of the guesses that find the secret. An estimate: it is right about patterns, too high for a
 * phrase of uncommon words, and never above the size of the alphabet to the power of the length.
 *
 * @param names what an attacker knows, for example the name of the owner
 */
export function guessingBits(whole: string, names: readonly string[] = []): number {
  const secret = whole.slice(0, MAX_CHARS);
  const block = repeatedBlock(secret);
  if (block !== null) return guessingBits(block, names) + Math.log2(secret.length / block.length);
  const words = [...WORDS, ...names.map((name) => name.toLowerCase())].filter(({ length }) => length >= MIN_CHARS);
  const low = secret.toLowerCase();
  const plain = [...low].map((char) => LEET[char] ?? char).join('');
  const lengthOfWordAt = (at: number) =>
    Math.max(
      /^(?:19|20)\d\d/.test(low.slice(at)) ? 4 : 0,
      ...words.map((word) => (low.startsWith(word, at) || plain.startsWith(word, at) ? word.length : 0)),
    );
  const isInsideWord = lettersInsideWords(secret);
  const perChar = bitsPerChar(secret);
  let bits = 0;
  for (let at = 0; at < secret.length; ) {
    const word = lengthOfWordAt(at);
    const pattern = Math.max(runAt(low, at), sequenceAt(low, at), echoAt(low, at));
    const length = Math.max(word, pattern);
    const partBits = word >= pattern ? WORD_BITS : PATTERN_BITS + Math.log2(pattern);
    const charBits = isInsideWord.has(at) ? Math.min(perChar, LETTER_OF_WORD_BITS) : perChar;
    const isPart = length >= MIN_CHARS;
    bits += isPart ? Math.min(partBits, length * charBits) : charBits;
    at += isPart ? length : 1;
  }
  return bits;
}

/** Returns the shortest block that is repeated to make the whole text; null if there is none. */
function repeatedBlock(text: string): string | null {
  const again = (text + text).indexOf(text, 1);
  return again > 0 && again < text.length ? text.slice(0, again) : null;
}

/** An alphabet is as large as its classes of characters, but a text of few different characters uses few. */
function bitsPerChar(text: string): number {
  const classes = CLASSES.filter(([chars]) => chars.test(text)).reduce((sum, [, size]) => sum + size, 0);
  const distinct = new Set(text).size;
  return Math.log2(Math.max(1, Math.min(classes, distinct ** 2)));
}

function runAt(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] === text[at]) end += 1;
  return end - at;
}

/** Returns the length of the longest text that begins here and stands before it. */
function echoAt(text: string, at: number): number {
  let length = 0;
  while (at + length < text.length && text.slice(0, at).includes(text.slice(at, at + length + 1))) length += 1;
  return length;
}

function sequenceAt(text: string, at: number): number {
  const lengths = SEQUENCES.map((row) => {
    const start = row.indexOf(text[at] ?? '');
    let length = 0;
    while (start >= 0 && at + length < text.length && row[start + length] === text[at + length]) length += 1;
    return length;
  });
  return Math.max(...lengths);
}

/** The positions behind the first letter of what looks like a word. */
function lettersInsideWords(text: string): ReadonlySet<number> {
  const inside = new Set<number>();
  for (const { 0: letters, index } of text.matchAll(/[A-Z]?[a-z]{4,}|[A-Z]{5,}/g)) {
    const vowels = letters.match(/[aeiouy]/gi)?.length ?? 0;
    if (vowels / letters.length < MIN_VOWEL_SHARE) continue;
    for (let at = index + 1; at < index + letters.length; at += 1) inside.add(at);
  }
  return inside;
}
