// Numbers are equal when their exact decimal values are, wherever they occur and however they are written.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, isSameJson } from '../../src/execution/canonical-json.ts';
import { type Json, parseJson } from '../../src/execution/json.ts';

const isSame = (one: string, other: string) => isSameJson(parseJson(one), parseJson(other));

test.each([
  ['2.50', '2.5'],
  ['1e2', '100'],
  ['100', '1.00E+2'],
  ['-0', '0'],
  ['-0.0', '0e999999999999999999999999'],
  ['0.0000001', '1e-7'],
  ['1e400', '1.0e400'],
  ['1e400', '10e399'],
  ['1e1000000000000000000000', '10e999999999999999999999'],
  ['0.1e-999999999999999999999', '1e-1000000000000000000000'],
  ['1e999999999999999', '0.1e1000000000000000'],
  ['12345678901234567890', '1234567890123456789e1'],
  ['1e00002', '100'],
  ['{"a":1,"b":[2.50,{"c":-0.0}]}', '{"b":[2.5,{"c":0}],"a":1.0}'],
])('%s equals %s', (one, other) => {
  expect(isSame(one, other)).toBe(true);
  // The members around them do not matter.
  expect(isSame(`[${one},12345678901234567890]`, `[${other},12345678901234567890]`)).toBe(true);
  expect(isSame(`{"n":${one},"took":3.2e-05}`, `{"took":0.000032,"n":${other}}`)).toBe(true);
});

test.each([
  ['9007199254740993', '9007199254740992'],
  ['0.1', '0.1000000000000000055511151231257827'],
  ['1e400', '1e401'],
  ['1e1000000000000000000000', '1e1000000000000000000001'],
  ['1', '-1'],
  ['1', '"1"'],
  ['"1e2"', '"100"'],
  ['0', 'false'],
  ['null', '{}'],
  ['{"a":null}', '{}'],
  ['[1,2]', '[2,1]'],
  ['["a,b"]', '["a","b"]'],
  ['12345678901234567890', '{"rawJSON":"12345678901234567890"}'],
  ['{"__proto__":1}', '{}'],
])('%s differs from %s', (one, other) => {
  expect(isSame(one, other)).toBe(false);
  expect(isSame(`{"in":[${one}]}`, `{"in":[${other}]}`)).toBe(false);
});

test('a document equals itself with its numbers written in another way, and never a different document', () => {
  const number = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: -40, max: 40 }));
  fc.assert(
    fc.property(number, number, fc.nat(20), ([digits, power], [others, otherPower], zeros) => {
      expect(isSame(`${digits}e${power}`, `${digits}.${'0'.repeat(zeros + 1)}e${power}`)).toBe(true);
      const scale = 10n ** 40n;
      const valueIn = (whole: bigint, ten: number) =>
        whole * (ten < 0 ? scale / 10n ** BigInt(-ten) : scale * 10n ** BigInt(ten));
      const areEqual = valueIn(digits, power) === valueIn(others, otherPower);
      expect(isSame(`${digits}e${power}`, `${others}e${otherPower}`)).toBe(areEqual);
    }),
  );
});

test('a number of a million digits, in its value or its exponent, costs no more than its length', () => {
  const million = 1_000_000;
  expect(canonicalJson(parseJson(`1${'0'.repeat(million)}`))).toBe(`1e${million}`);
  expect(canonicalJson(parseJson(`0.${'0'.repeat(million)}1`))).toBe(`1e-${million + 1}`);
  const nines = '9'.repeat(million);
  expect(canonicalJson(parseJson(`10e${nines}`))).toBe(`1e1${'0'.repeat(million)}`);
  expect(canonicalJson(parseJson(`0.1e1${'0'.repeat(million)}`))).toBe(`1e${nines}`);
  expect(canonicalJson(parseJson(`1${'0'.repeat(million)}1`))).toHaveLength(million + 4);
});

test('documents are equal when every member is, in any order', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const document = parseJson(JSON.stringify(value));
      expect(isSameJson(document, reversed(document))).toBe(true);
      expect(isSameJson([document], document)).toBe(false);
    }),
  );
});

function reversed(value: Json): Json {
  if (value === null || typeof value !== 'object' || JSON.isRawJSON(value)) return value;
  if (Array.isArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}
