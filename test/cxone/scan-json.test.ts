// Values are found in documents that are too long or too deep to be parsed.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { find } from '../../src/cxone/json-pointer.ts';
import { createJsonScanner, MAX_EVIDENCE_BYTES, type ScannedValue } from '../../src/cxone/scan-json.ts';
import { type Json, parseJson } from '../../src/execution/json.ts';

const POINTERS = ['', '/status', '/result', '/a/b', '/a/1', '/a~1b', '/list/0/x', '/a'];

function scan(text: string, { pointers = POINTERS, size = 7, maxBytes = 1_000_000 } = {}) {
  const scanner = createJsonScanner(pointers, maxBytes);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) scanner.write(bytes.subarray(at, at + size));
  return scanner.end();
}

const textOf = (value: ScannedValue | undefined) => value?.text.toString();

test.each([
  '{"result":{"x":[1,2,{"status":"no"}]},"status":"COMPLETED","a":{"b":"\\"}"}}',
  ' { "status" : "DONE" , "result" : 12.50e3 , "a" : [ true , null ] } ',
  '{"a/b":"slash","list":[{"x":"first"},{"x":"second"}]}',
  '{"st\\u0061tus":"escaped","result":"\\\\"}',
  '\uFEFF{"status":"after a mark"}',
  '{"status":"first","a":{"b":1},"status":"last","a":{"c":1}}',
  '"text"',
  '12',
  '[]',
])('%s: each value is what parsing finds, in chunks of any size', (text) => {
  const document = parseJson(text.replace('\uFEFF', ''));
  for (const size of [1, 2, 3, 7, 1000]) {
    const found = scan(text, { size });
    for (const pointer of POINTERS) {
      const expected = find(document, pointer);
      expect([pointer, parseJson(textOf(found?.get(pointer)) ?? 'null')]).toEqual([pointer, expected]);
    }
  }
});

test('in any document it finds what parsing finds', () => {
  const { document } = fc.letrec((tie) => ({
    document: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      tie('object'),
      fc.array(tie('document'), { maxLength: 3 }),
    ),
    object: fc.dictionary(
      // Not also the name '"': JSON.parse of Node 24 may read it as '\\' (findings/v8-json-parse-escaped-name.sh).
      fc.constantFrom('status', 'result', 'a', 'b', 'a/b', 'list', 'x', '\\'),
      tie('document'),
    ),
  }));
  fc.assert(
    fc.property(document, fc.integer({ min: 1, max: 50 }), fc.constantFrom(undefined, 2), (value, size, space) => {
      const text = JSON.stringify(value, null, space);
      const found = scan(text, { size });
      for (const pointer of POINTERS) {
        const seen = found?.get(pointer);
        const expected = find(JSON.parse(text) as Json, pointer);
        expect(JSON.parse(textOf(seen) ?? 'null')).toEqual(expected);
        if (seen !== undefined) expect(seen.bytes).toBe(seen.text.length);
      }
    }),
  );
});

describe('a value beyond the limit', () => {
  test('is measured, and only its beginning is kept', () => {
    const text = `{"result":"${'x'.repeat(300_000)}","status":"COMPLETED"}`;
    const found = scan(text, { maxBytes: 100_000, size: 65_536 });
    expect(found?.get('/result')).toMatchObject({ bytes: 300_002, levels: 0 });
    expect(found?.get('/result')?.text).toEqual(Buffer.from(text.slice(10, 10 + MAX_EVIDENCE_BYTES)));
    expect(textOf(found?.get('/status'))).toBe('"COMPLETED"');
  });

  test('is kept whole at the limit', () => {
    const text = `{"result":"${'x'.repeat(98)}"}`;
    expect(scan(text, { maxBytes: 100 })?.get('/result')?.text).toHaveLength(100);
    expect(scan(text, { maxBytes: 99 })?.get('/result')).toMatchObject({ bytes: 100 });
  });

  test('may be nested a million levels deep', () => {
    const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
    const found = scan(`{"status":"COMPLETED","result":${deep}}`, { maxBytes: 1000, size: 65_536 });
    expect(found?.get('/result')).toMatchObject({ levels: 1_000_000, bytes: 2_000_000 });
    expect(textOf(found?.get('/status'))).toBe('"COMPLETED"');
  });
});

test.each(['{"status":"COMPLETED"', '{"status":"COMPLE', '', '{} {}', '{"result":[}', ']'])(
  '%s is not a complete document',
  (text) => expect(scan(text)).toBeNull(),
);
