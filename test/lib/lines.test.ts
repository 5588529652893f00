// JSON on one line, for readers with another idea of a line.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonOnOneLine } from '../../src/lib/lines.ts';

/** The line ends of Python's splitlines, the widest definition in use. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters end lines
const LINE_END = /[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

test('a document has no line end by any definition, and parses to the same value', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '"', '\\', '\n', '\r', '\x1c', '\x85', '\u2028', '\u2029', '😀'),
  });
  fc.assert(
    fc.property(fc.dictionary(text, text), (value) => {
      const line = jsonOnOneLine(value);
      expect(line).not.toMatch(LINE_END);
      expect(JSON.parse(line)).toEqual(value);
    }),
  );
});
