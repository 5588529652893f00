// Charsets of bodies: the byte order mark, zero bytes, the header and XML declarations.

import { expect, test } from 'vitest';
import { decodeText } from '../../../src/lib/http/decode-text.ts';

const TEXT = '{"a":"Zoë – 5 €"}';
const utf16 = (bigEndian: boolean, mark: boolean) => {
  const bytes = Buffer.from((mark ? '\uFEFF' : '') + TEXT, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
};
const WINDOWS = Buffer.from('{"a":"Zo\xeb \x96 5 \x80"}', 'latin1');
const read = (bytes: Uint8Array, type: string | null) => {
  const decoded = decodeText(bytes, type);
  return decoded.type === 'text' ? decoded.text : decoded.reason;
};

test.each([
  ['UTF-8', Buffer.from(TEXT), 'application/json'],
  ['UTF-8 with a mark', Buffer.from(`\uFEFF${TEXT}`), null],
  ['a mark against the header', utf16(false, true), 'application/json; charset=utf-8'],
  ['UTF-8 mark against the header', Buffer.from(`\uFEFF${TEXT}`), 'text/plain; charset=iso-8859-1'],
  ['UTF-16LE, mark, no header', utf16(false, true), null],
  ['UTF-16BE, mark, no header', utf16(true, true), 'application/json'],
  ['UTF-16LE, no mark, no header', utf16(false, false), null],
  ['UTF-16BE, no mark, no header', utf16(true, false), 'application/json'],
  ['UTF-16, header, mark', utf16(true, true), 'application/json; charset=UTF-16'],
  ['UTF-16, header, no mark', utf16(true, false), 'application/json; charset=utf-16'],
  ['UTF-16BE, header', utf16(true, false), 'application/json; charset="utf-16BE"'],
  ['UTF-16LE, header', utf16(false, true), 'application/json;charset=UTF-16LE'],
  ['windows-1252', WINDOWS, 'application/json; charset=windows-1252'],
  ['its alias', WINDOWS, 'application/json;Charset="CP1252"; v=1'],
  ['ISO-8859-1 as the web reads it', WINDOWS, "text/plain; charset='ISO-8859-1'"],
  ['an underscore', WINDOWS, 'text/plain; charset=WINDOWS_1252'],
  ['ASCII with more in UTF-8', Buffer.from(TEXT), 'application/json; charset=us-ascii'],
  ['an empty charset', Buffer.from(TEXT), 'application/json; charset='],
])('%s', (_, bytes, type) => {
  expect(read(bytes, type)).toBe(TEXT);
});

test.each([
  ['shift_jis', [0x93, 0xfa, 0x96, 0x7b], '日本'],
  ['koi8-r', [0xed, 0xe9, 0xf2], 'МИР'],
  ['iso-8859-15', [0xa4], '€'],
  ['gb18030', [0xd6, 0xd0], '中'],
  ['windows-1251', [0xcc, 0xe8, 0xf0], 'Мир'],
])('%s', (charset, bytes, text) => {
  expect(read(Uint8Array.from(bytes), `text/plain; charset=${charset}`)).toBe(text);
});

test('an XML declaration counts if neither a mark nor a header names the charset', () => {
  const xml = '<?xml version="1.0" encoding="ISO-8859-1"?><a>\xeb</a>';
  expect(read(Buffer.from(xml, 'latin1'), 'application/xml')).toContain('<a>ë</a>');
  expect(read(Buffer.from(xml), 'application/xml; charset=utf-8')).toContain('<a>ë</a>');
  const transcoded = '<?xml version="1.0" encoding="UTF-16"?><a>ë</a>';
  expect(read(Buffer.from(transcoded), 'application/xml')).toBe(transcoded);
});

test.each([
  [WINDOWS, null, 'the body is not UTF-8'],
  [WINDOWS, 'application/json; charset=utf-8', 'the body is not UTF-8'],
  [Buffer.from([0x93]), 'text/plain; charset=shift_jis', 'the body is not text in the charset "shift_jis"'],
  [Buffer.from(TEXT), 'text/plain; charset=klingon', 'the charset "klingon" is not supported'],
  [Buffer.from(TEXT), 'text/plain; charset=utf-7', 'the charset "utf-7" is not supported'],
  [Buffer.from(TEXT), `text/plain; charset=${'x'.repeat(500)}`, `the charset "${'x'.repeat(40)}" is not supported`],
])('a body that cannot be decoded has a reason that quotes no content (%#)', (bytes, type, reason) => {
  expect(decodeText(bytes, type)).toEqual({ type: 'unreadable', reason });
});
