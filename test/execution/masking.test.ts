// The hidden members of SENSITIVE_FIELDS: the text of a document hides what its value hides.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Json, LargeJson } from '../../src/execution/json.ts';
import { createMasking, HIDDEN } from '../../src/execution/masking.ts';

const masking = createMasking(['Password', 'cvv']);

const text = fc.oneof(fc.string(), fc.constantFrom('password', 'my PASSWORD is', 'CVV', '"cvv":', '\\', '{"cvv":1}'));
const document = fc.letrec<{ node: Json }>((tie) => ({
  node: fc.oneof(text, fc.integer(), fc.constant(null), fc.array(tie('node')), fc.dictionary(text, tie('node'))),
})).node;

describe('the text of a document', () => {
  test('hides what its value hides', () => {
    fc.assert(
      fc.property(document, (value) => {
        expect(masking.jsonText(JSON.stringify(value))).toBe(JSON.stringify(masking.json(value)));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['{"password":{"a":[1,"}"]},"n":1}', `{"password":"${HIDDEN}","n":1}`],
    ['{"pass\\u0077ord":"s","n":1.50}', `{"pass\\u0077ord":"${HIDDEN}","n":1.50}`],
    ['["the \\u0063vv is 123",{"CVV" : 7 }]', `["${HIDDEN}",{"CVV" : "${HIDDEN}"}]`],
    ['{"cvv":"1","cvv":"2"}', `{"cvv":"${HIDDEN}","cvv":"${HIDDEN}"}`],
    ['"my cvv"', `"${HIDDEN}"`],
    ['{"n":12345678901234567890}', '{"n":12345678901234567890}'],
  ])('%s', (given, masked) => {
    expect(masking.jsonText(given)).toBe(masked);
  });

  test('stays as it is where nothing is hidden', () => {
    expect(createMasking([]).jsonText('{"cvv":1}')).toBe('{"cvv":1}');
  });
});

test('a large document is hidden without being parsed, and states whether it hides anything', () => {
  const many = (item: string) => LargeJson.from(`[${Array(2_500).fill(item).join()},1.50]`);
  const masked = masking.json(many('{"cvv":"123"}')) as unknown as LargeJson;
  expect(LargeJson.is(masked)).toBe(true);
  expect(masked.text).toBe(`[${Array(2_500).fill(`{"cvv":"${HIDDEN}"}`).join()},1.50]`);
  expect(masking.hides(many('{"cvv":"123"}'))).toBe(true);
  expect(masking.hides(many('{"n":"123"}'))).toBe(false);
});
