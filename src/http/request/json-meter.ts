// Measures JSON as bytes before it is parsed: how many values it has, how deeply they are nested, and where the items of a list are.

/** The largest number of values in one submission, and of the whole body. */
export interface JsonLimits {
  readonly values: number;
  readonly itemValues: number;
  readonly levels: number;
}

/** From `start` to before `end`, in bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Excess =
  | { readonly type: 'too-deep' }
  /** `item`: the position of the item that has too many; null: the whole body has. */
  | { readonly type: 'too-many-values'; readonly item: number | null };

export type JsonMeter = ReturnType<typeof createJsonMeter>;

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from(
  '"\\,[]{}',
) as unknown as [number, number, number, number, number, number, number];
/** By byte: whether it begins a value, and how it changes the level. Of other bytes, only quotation marks count. */
const VALUES = new Uint8Array(256);
const LEVELS = new Int8Array(256);
const IS_STRUCTURE = new Uint8Array(256);
for (const byte of [COMMA, OPEN_LIST, OPEN_OBJECT]) VALUES[byte] = 1;
for (const byte of [OPEN_LIST, OPEN_OBJECT]) LEVELS[byte] = 1;
for (const byte of [CLOSE_LIST, CLOSE_OBJECT]) LEVELS[byte] = -1;
for (const byte of [QUOTE, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT]) IS_STRUCTURE[byte] = 1;

/** The level of the items: below a list in an object. */
const ITEM_LEVEL = 2;

/** Returns the place of the next separator, bracket or quotation mark, or the length. */
function toStructure(chunk: Uint8Array, from: number): number {
  let at = from;
  while (at < chunk.length && IS_STRUCTURE[chunk[at] as number] === 0) at += 1;
  return at;
}

/** One function because it is one state machine, which runs for each byte of each body. */
export function createJsonMeter(limits: JsonLimits) {
  const items: Span[] = [];
  let offset = 0;
  let level = 0;
  let values = 0;
  let inString = false;
  let isEscaped = false;
  let isDocumentObject = false;
  /** Where the current item began, and the number of values before it; null outside of lists of items. */
  let item: { start: number; before: number } | null = null;

  /** Ends the current item, if there is one. */
  function endItem(end: number): void {
    if (level === ITEM_LEVEL && item !== null) items.push({ start: item.start, end });
  }

  function separate(at: number): void {
    values += 1;
    endItem(at);
    if (level === ITEM_LEVEL && item !== null) item = { start: at + 1, before: values };
  }

  function open(byte: number, at: number): void {
    values += 1;
    level += 1;
    if (level === 1) isDocumentObject = byte === OPEN_OBJECT;
    const isItemList = byte === OPEN_LIST && isDocumentObject;
    if (level === ITEM_LEVEL) item = isItemList ? { start: at + 1, before: values } : null;
  }

  function close(at: number): void {
    endItem(at);
    if (level === ITEM_LEVEL) item = null;
    level -= 1;
  }

  function excess(): Excess | null {
    if (level > limits.levels) return { type: 'too-deep' };
    // promise: values-are-counted-before-parsing
    if (item !== null && values - item.before > limits.itemValues)
      return { type: 'too-many-values', item: items.length };
    return values > limits.values ? { type: 'too-many-values', item: null } : null;
  }

  /** Applies one byte outside of strings. Only separators and brackets count: each begins one value at most. */
  function structure(byte: number, at: number): Excess | null {
    if (byte === COMMA) separate(at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) open(byte, at);
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) close(at);
    else if (byte === QUOTE) inString = true;
    return excess();
  }

  /** Returns the number of values that there may still be. */
  function room(): number {
    const ofItem = item === null ? Number.POSITIVE_INFINITY : item.before + limits.itemValues;
    return Math.min(limits.values, ofItem) - values;
  }

  /**
   * Applies the bytes inside of an item up to the next one that may end it, or up to one value or level too many. Nearly all bytes of a large body are
   * applied here. Returns the place of the next byte, or the length.
   */
  function passInside(chunk: Uint8Array, from: number): number {
    const { length } = chunk;
    const { levels } = limits;
    const most = room();
    let count = 0;
    let depth = level;
    let at = from;
    for (; at < length; at += 1) {
      const byte = chunk[at] as number;
      if (IS_STRUCTURE[byte] === 0) continue;
      if (byte === QUOTE) {
        at = passString(chunk, at + 1) - 1;
        continue;
      }
      depth += LEVELS[byte] as number;
      if (depth === ITEM_LEVEL) break;
      count += VALUES[byte] as number;
      if (count > most || depth > levels) break;
    }
    // The bracket that ends an item is not applied here.
    level = Math.max(depth, ITEM_LEVEL + 1);
    values += count;
    return at;
  }

  /** Returns the place behind the end of a string that has begun, or the length. */
  function passString(chunk: Uint8Array, from: number): number {
    inString = true;
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) {
        inString = false;
        return at + 1;
      }
    }
    return chunk.length;
  }

  return {
    /** The items of the lists that are members of the document, in their order. */
    items,
    /** Returns the number of values so far. */
    values: (): number => values,
    /** Returns the first limit that the bytes so far exceed; null for none. Text that is not JSON is measured as if it were. */
    write: (chunk: Uint8Array): Excess | null => {
      for (let at = 0; at < chunk.length; ) {
        if (inString) {
          at = passString(chunk, at);
          continue;
        }
        at = level > ITEM_LEVEL ? passInside(chunk, at) : toStructure(chunk, at);
        const found = excess() ?? (at < chunk.length ? structure(chunk[at] as number, offset + at) : null);
        if (found !== null) return found;
        at += 1;
      }
      offset += chunk.length;
      return null;
    },
  };
}
