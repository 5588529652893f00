// Finds a secret in a text however the text quotes it: as it is, percent-encoded, or escaped in JSON, XML or UTF-16, in any nesting.

/** A part of a text, from `start` to before `end`. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Escapes within escapes, for example JSON in a JSON string in a query. */
const MAX_LEVELS = 4;

const ESCAPE =
  /%(?:u00)?([\da-f]{2})|&#x0{0,6}([\da-f]{2});|&#0{0,6}(\d{2,3});|\\(?:u00|x)([\da-f]{2})|&(amp|period|lowbar);/iy;

const NAMED: Readonly<Record<string, string>> = { amp: '&', period: '.', lowbar: '_' };

/** Returns the parts of the text in which `find` finds something at some level of unescaping, in order and without overlaps. */
export function findQuoted(text: string, find: (plain: string) => readonly TextRange[]): TextRange[] {
  const found = [...find(text)];
  let level: Level | null = { plain: text, starts: null, ends: null };
  for (let depth = 0; depth < MAX_LEVELS; depth += 1) {
    level = unescaped(level);
    if (level === null) break;
    const { starts, ends } = level;
    for (const { start, end } of find(level.plain)) {
      found.push({ start: starts?.[start] ?? start, end: ends?.[end - 1] ?? end });
    }
  }
  return merged(found);
}

/** An unescaped text, and for each of its characters the part of the original that stands for it; null: the original. */
interface Level {
  readonly plain: string;
  readonly starts: Int32Array | null;
  readonly ends: Int32Array | null;
}

/** Removes one level of escapes. Returns null if nothing is escaped. */
function unescaped(level: Level): Level | null {
  // The second bytes of UTF-16 come first, since they separate the characters of other escapes.
  if (level.plain.includes('\0')) return withoutNuls(level);
  return /[%&\\]/.test(level.plain) ? withoutEscapes(level) : null;
}

function withoutNuls(level: Level): Level | null {
  const { plain } = level;
  const kept = createKept(level);
  for (let at = 0; at < plain.length; at += 1) {
    if (plain.charCodeAt(at) !== 0) kept.add(plain.charCodeAt(at), at, at + 1);
  }
  return kept.level();
}

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const BACKSLASH = 0x5c;

function withoutEscapes(level: Level): Level | null {
  const { plain } = level;
  const kept = createKept(level);
  for (let at = 0; at < plain.length; ) {
    const code = plain.charCodeAt(at);
    if (code !== PERCENT && code !== AMPERSAND && code !== BACKSLASH) {
      kept.add(code, at, at + 1);
      at += 1;
      continue;
    }
    // Each level of JSON doubles backslashes. A run without an escape after it belongs to other characters, and is left out.
    let last = at;
    while (code === BACKSLASH && plain.charCodeAt(last + 1) === BACKSLASH) last += 1;
    ESCAPE.lastIndex = last;
    const found = ESCAPE.exec(plain);
    const end = found === null ? last + 1 : ESCAPE.lastIndex;
    if (found !== null) kept.add(codeOf(found), at, end);
    else if (code !== BACKSLASH) kept.add(code, at, end);
    at = end;
  }
  return kept.level();
}

/** Collects the characters of the next level. A result may have 10 MB, so that there is no object for each character. */
function createKept({ plain, starts: from, ends: to }: Level) {
  const codes = new Uint16Array(plain.length);
  const starts = new Int32Array(plain.length);
  const ends = new Int32Array(plain.length);
  let length = 0;
  return {
    add: (code: number, start: number, end: number) => {
      codes[length] = code;
      starts[length] = from === null ? start : (from[start] as number);
      ends[length] = to === null ? end : (to[end - 1] as number);
      length += 1;
    },
    /** Returns null if nothing was escaped. */
    level: (): Level | null =>
      length === plain.length
        ? null
        : { plain: Buffer.from(codes.buffer, 0, length * 2).toString('utf16le'), starts, ends },
  };
}

function codeOf([, percent, hexReference, decimalReference, backslash, name = '']: RegExpExecArray): number {
  if (decimalReference !== undefined) return Number(decimalReference);
  const hex = percent ?? hexReference ?? backslash;
  return hex === undefined ? (NAMED[name.toLowerCase()] ?? '&').charCodeAt(0) : Number.parseInt(hex, 16);
}

function merged(ranges: TextRange[]): TextRange[] {
  const result: TextRange[] = [];
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last === undefined || range.start >= last.end) result.push(range);
    else if (range.end > last.end) result[result.length - 1] = { start: last.start, end: range.end };
  }
  return result;
}
