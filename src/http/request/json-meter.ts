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

export interface JsonMeter {
  /** Returns the first limit that the bytes so far exceed; null for none. Text that is not JSON is measured as if it were. */
  write(chunk: Uint8Array): Excess | null;
  /** The items of the lists that are members of the document, in their order. */
  readonly items: readonly Span[];
  /** Returns the number of values so far. */
  values(): number;
}

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from(
  '"\\,[]{}',
) as unknown as [number, number, number, number, number, number, number];
const IS_STRUCTURE = new Uint8Array(256);
for (const byte of [QUOTE, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT]) IS_STRUCTURE[byte] = 1;

/** The level of the items: below a list in an object. */
const ITEM_LEVEL = 2;

/** One function because it is one state machine, which runs for each byte of each body. */
export function createJsonMeter(limits: JsonLimits): JsonMeter {
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
  function structure(byte: number, at: number): void {
    if (byte === COMMA) separate(at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) open(byte, at);
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) close(at);
    else if (byte === QUOTE) inString = true;
  }

  /** Applies one byte of a string. */
  function character(byte: number): void {
    if (isEscaped) isEscaped = false;
    else if (byte === BACKSLASH) isEscaped = true;
    else if (byte === QUOTE) inString = false;
  }

  return {
    items,
    values: () => values,
    write: (chunk) => {
      for (let index = 0; index < chunk.length; index += 1) {
        const byte = chunk[index] as number;
        if (inString) character(byte);
        else if (IS_STRUCTURE[byte] === 1) {
          structure(byte, offset + index);
          const found = excess();
          if (found !== null) return found;
        }
      }
      offset += chunk.length;
      return null;
    },
  };
}
