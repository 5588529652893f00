// Finds values in a JSON document of any size and depth, chunk by chunk, in bounded memory.
//
// Streaming parsers on npm assemble each text before they pass it on, or give no sizes in bytes. Here a long or deep value is
// only measured. The syntax inside it is not checked; `JSON.parse` checks each value that is used.

import { segmentsOf } from './json-pointer.ts';

/** Bytes kept of a value that is too long. */
export const MAX_EVIDENCE_BYTES = 64 * 1024;
/** Longer names of members are never those of a pointer. */
const MAX_NAME_BYTES = 4096;

export interface ScannedValue {
  /** Its JSON text, or the beginning of a text of more than `maxValueBytes`. */
  readonly text: Buffer;
  /** Length of its whole text in bytes. */
  readonly bytes: number;
  /** 0 for a scalar. */
  readonly levels: number;
}

/** The value at each pointer that leads to one. */
export type ScannedValues = ReadonlyMap<string, ScannedValue>;

export type JsonScanner = ReturnType<typeof createJsonScanner>;

interface Container {
  readonly isArray: boolean;
  /** Name or index of the current child; null before the first. */
  segment: string | null;
  expectsName: boolean;
}

interface Capture {
  readonly pointer: string;
  readonly depth: number;
  readonly parts: Uint8Array[];
  kept: number;
  bytes: number;
  deepest: number;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * One function because all its parts share the state of the scan.
 * @param maxValueBytes longest text of a value that is kept whole
 */
export function createJsonScanner(pointers: readonly string[], maxValueBytes: number) {
  const wanted = new Map(pointers.map((pointer) => [JSON.stringify(segmentsOf(pointer)), pointer]));
  const maxPath = Math.max(0, ...pointers.map((pointer) => segmentsOf(pointer).length));
  const found = new Map<string, ScannedValue>();
  const captures: Capture[] = [];
  /** The open containers whose children a pointer may name; deeper ones are only counted. */
  const path: Container[] = [];
  let depth = 0;
  let roots = 0;
  let isInText = false;
  let isEscaped = false;
  let isInScalar = false;
  let name: number[] | null = null;

  function beginValue(): void {
    if (depth === 0) roots += 1;
    if (depth > maxPath) return;
    const pointer = wanted.get(JSON.stringify(path.map(({ segment }) => segment)));
    if (pointer === undefined) return;
    // The last of several members with one name counts, as for JSON.parse.
    for (const other of found.keys()) if (other.startsWith(`${pointer}/`)) found.delete(other);
    captures.push({ pointer, depth, parts: [], kept: 0, bytes: 0, deepest: depth });
  }

  /** Ends the captures of a value at the current depth. */
  function endValue(chunk: Uint8Array, from: number, to: number): void {
    for (let last = captures.at(-1); last !== undefined && last.depth === depth; last = captures.at(-1)) {
      keep(last, chunk.subarray(Math.max(from, starts.get(last) ?? 0), to));
      captures.pop();
      starts.delete(last);
      found.set(last.pointer, {
        text: Buffer.concat(last.parts),
        bytes: last.bytes,
        levels: last.deepest - last.depth,
      });
    }
  }

  /** Where in the current chunk a capture begins. */
  const starts = new Map<Capture, number>();

  function keep(capture: Capture, part: Uint8Array): void {
    capture.bytes += part.length;
    if (capture.bytes <= maxValueBytes) capture.parts.push(part);
    else if (capture.kept === 0) {
      const head = Buffer.concat([...capture.parts, part]).subarray(0, Math.min(MAX_EVIDENCE_BYTES, maxValueBytes));
      capture.parts.splice(0, capture.parts.length, Buffer.from(head));
      capture.kept = head.length;
    }
  }

  function open(isArray: boolean, at: number): void {
    begin(at);
    depth += 1;
    for (const capture of captures) capture.deepest = Math.max(capture.deepest, depth);
    if (depth <= maxPath) path.push({ isArray, segment: isArray ? '0' : null, expectsName: !isArray });
  }

  function begin(at: number): void {
    const before = captures.length;
    beginValue();
    for (const capture of captures.slice(before)) starts.set(capture, at);
  }

  function close(chunk: Uint8Array, at: number): void {
    if (depth <= maxPath) path.pop();
    depth -= 1;
    endValue(chunk, 0, at + 1);
  }

  function separate(): void {
    const here = depth <= maxPath ? path.at(-1) : undefined;
    if (here === undefined) return;
    if (here.isArray) here.segment = String(Number(here.segment) + 1);
    else here.expectsName = true;
  }

  function beginText(at: number): void {
    isInText = true;
    const here = depth <= maxPath ? path.at(-1) : undefined;
    if (here?.expectsName) name = [];
    else begin(at);
  }

  function endText(chunk: Uint8Array, at: number): void {
    isInText = false;
    const here = path.at(-1);
    if (name === null || here === undefined) {
      endValue(chunk, 0, at + 1);
      return;
    }
    here.segment = nameOf(name);
    here.expectsName = false;
    name = null;
  }

  /** Returns the index behind the text, or the length of the chunk. */
  function skipText(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (byte === QUOTE && !isEscaped) {
        endText(chunk, at);
        return at + 1;
      }
      if (name !== null && name.length < MAX_NAME_BYTES) name.push(byte);
      isEscaped = byte === BACKSLASH && !isEscaped;
    }
    return chunk.length;
  }

  function step(chunk: Uint8Array, at: number): void {
    const byte = chunk[at] ?? 0;
    if (isInScalar && endsScalar(byte)) {
      isInScalar = false;
      endValue(chunk, 0, at);
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) open(byte === OPEN_ARRAY, at);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) close(chunk, at);
    else if (byte === COMMA) separate();
    else if (!isInScalar && isPartOfScalar(byte)) {
      isInScalar = true;
      begin(at);
    }
  }

  return {
    write: (chunk: Uint8Array): void => {
      for (let at = 0; at < chunk.length; ) {
        if (isInText) at = skipText(chunk, at);
        else if (chunk[at] === QUOTE) {
          beginText(at);
          at += 1;
        } else {
          step(chunk, at);
          at += 1;
        }
      }
      for (const capture of captures) keep(capture, chunk.subarray(starts.get(capture) ?? 0));
      starts.clear();
    },
    /** Returns null if the text is not one complete document. */
    end: (): ScannedValues | null => {
      if (isInScalar) endValue(new Uint8Array(), 0, 0);
      return depth === 0 && roots === 1 && !isInText ? found : null;
    },
  };
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || byte <= 0x20;
}

/** Bytes beyond ASCII outside of texts are those of a byte order mark. */
function isPartOfScalar(byte: number): boolean {
  return byte > 0x20 && byte < 0x80 && byte !== COLON;
}

function nameOf(bytes: readonly number[]): string | null {
  try {
    return JSON.parse(`"${Buffer.from(bytes).toString()}"`);
  } catch {
    return null;
  }
}
