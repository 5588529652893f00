// JSON passes through the service unchanged.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJsonObject, MAX_JSON_DEPTH, parseJson, scalarText } from '../../src/execution/json.ts';

test.each([
  '{"id":12345678901234567890}',
  '[-9007199254740993,0.30000000000000004441,1e400,1E-7]',
  '{"__proto__":{"a":1},"text":"\\u0000 12345678901234567890"}',
  '12345678901234567890',
  '{"fee":2.50}',
  '[-0,-0.0,0.0000001,10.0,-1.20,0.0]',
])('%s is returned unchanged', (text) => {
  expect(JSON.stringify(parseJson(text))).toBe(text);
});

test('no number loses a digit, wherever it occurs', () => {
  const digits = (max: number) => fc.stringMatching(new RegExp(`^[1-9][0-9]{0,${max}}$`));
  const number = fc
    .tuple(
      fc.constantFrom('', '-'),
      digits(24),
      fc.option(digits(24)),
      fc.option(fc.tuple(fc.constantFrom('e', 'E+', 'e-'), digits(2))),
    )
    .map(
      ([sign, whole, fraction, power]) =>
        sign + whole + (fraction === null ? '' : `.${fraction}`) + (power ?? []).join(''),
    );
  const space = fc.constantFrom('', ' ', '\n\t');
  fc.assert(
    fc.property(number, space, space, (text, before, after) => {
      for (const [head, tail] of [
        ['[', ']'],
        ['{"a1e5":', '}'],
        ['["1e5",', ',"2"]'],
        ['', ''],
      ] as const) {
        const written = JSON.stringify(parseJson(head + before + text + after + tail));
        expect(written).toBe(head + text + tail);
      }
    }),
  );
});

test('a number that a double represents exactly is a plain number', () => {
  expect(parseJson('{"n":9007199254740991,"x":0.1}')).toEqual({ n: 9007199254740991, x: 0.1 });
});

test('nesting is accepted to the documented depth, and refused beyond it however long the document', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
  expect(() => parseJson(nested(MAX_JSON_DEPTH))).not.toThrow();
  expect(() => parseJson(nested(MAX_JSON_DEPTH + 1))).toThrow(/deeper than 64 levels/);
  expect(() => parseJson(nested(200_000).replace('1', '12345678901234567890'))).toThrow(SyntaxError);
});

test('the text of a scalar is as it was written, and a large number is not an object', () => {
  expect(scalarText(parseJson('12345678901234567890'))).toBe('12345678901234567890');
  expect([scalarText('a'), scalarText(7), scalarText(null), scalarText({}), scalarText(true)]).toEqual([
    'a',
    '7',
    null,
    null,
    null,
  ]);
  expect(isJsonObject(parseJson('12345678901234567890'))).toBe(false);
});
